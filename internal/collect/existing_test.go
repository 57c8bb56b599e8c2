package collect

import (
	"testing"

	"github.com/luxfi/metric/internal/model"
)

// TestExisting checks what becomes of a label that a series has already, when a wrapping adds a label with
// that name.
func TestExisting(t *testing.T) {
	extra := []model.Label{{Name: "instance", Value: "a"}}
	for _, test := range []struct {
		name     string
		existing Existing
		labels   []model.Label
		want     string // empty if an error is wanted
	}{
		{"nothing to rename", Renamed, []model.Label{{Name: "x", Value: "1"}}, `instance="a",x="1"`},
		{"no such label", &existing{model.AppendMerged}, []model.Label{{Name: "x", Value: "1"}}, `instance="a",x="1"`},
		{"refused", &existing{model.AppendMerged}, []model.Label{{Name: "instance", Value: "b"}}, ""},
		{"renamed", Renamed, []model.Label{{Name: "instance", Value: "b"}, {Name: "x", Value: "1"}}, `exported_instance="b",instance="a",x="1"`},
		{
			"renamed twice", Renamed,
			[]model.Label{{Name: "exported_instance", Value: "c"}, {Name: "instance", Value: "b"}},
			`exported_exported_instance="b",exported_instance="c",instance="a"`,
		},
		{"an empty label does not count", Renamed, []model.Label{{Name: "instance", Value: ""}}, `instance="a"`},
		{"honored", Honored, []model.Label{{Name: "instance", Value: "b"}, {Name: "x", Value: "1"}}, `instance="b",x="1"`},
		{"not there to be honored", Honored, []model.Label{{Name: "x", Value: "1"}}, `instance="a",x="1"`},
		{"an empty label is not honored", Honored, []model.Label{{Name: "instance", Value: ""}}, `instance="a"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := model.NewLabels(test.labels)
			if err != nil {
				t.Fatal(err)
			}
			_, got, err := test.existing.merge(nil, l, extra)
			if (err != nil) != (test.want == "") || got.Text() != test.want {
				t.Errorf("got {%s}, error %v, want {%s}", got.Text(), err, test.want)
			}
		})
	}
}
