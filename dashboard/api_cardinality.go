package dashboard

import (
	"net/http"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
)

const (
	// maxVectors is how many vectors are asked for their memory. The question takes about 100 ns for each
	// label of a series.
	maxVectors = 1000
	// maxValues is how many values of a label an answer contains.
	maxValues = 100
)

// answerCardinality answers with the sizes of the families.
func answerCardinality(d *Dashboard, r *http.Request) (any, error) {
	limit, err := numberOf(r, "limit", defaultFamilies, 1, maxFamilies)
	if err != nil {
		return nil, err
	}
	now, err := d.sampled(r)
	if err != nil {
		return nil, err
	}
	sizes := query.Cardinality(now.latest, d.sampler.first(), limit)
	d.addVectors(sizes.Rows)
	return sizes, nil
}

// addVectors adds the numbers that vectors know about themselves. If vectors in several registries have the
// same family, it adds their numbers up.
func (d *Dashboard) addVectors(rows []api.Size) {
	byFamily := make(map[string]*api.Size, len(rows))
	for i := range rows {
		byFamily[rows[i].Family.Name] = &rows[i]
	}
	for _, v := range d.source.Cardinality(maxVectors) {
		row := byFamily[v.Exposed]
		if row == nil {
			continue
		}
		row.Memory += v.Bytes
		row.Limit = max(row.Limit, v.Limit)
		row.RegistryLimit = max(row.RegistryLimit, v.Shared)
		row.Full = row.Full || v.Full
		row.Overflowed += v.Overflowed
		row.LongValues += v.Long
		row.Expired += v.Expired
		row.ExpiryMs = max(row.ExpiryMs, milliseconds(v.Expiry))
	}
}

// answerValues returns the values of a label.
func answerValues(d *Dashboard, r *http.Request) (any, error) {
	name, err := requiredOf(r, "name")
	if err != nil {
		return nil, err
	}
	label, err := requiredOf(r, "label")
	if err != nil {
		return nil, err
	}
	now, err := d.sampled(r)
	if err != nil {
		return nil, err
	}
	if values := query.Values(now.latest, name, label, maxValues); values != nil {
		return values, nil
	}
	return nil, notFound("there is no metric family %.200q with a label %.200q", name, label)
}
