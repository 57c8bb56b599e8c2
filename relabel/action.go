package relabel

import (
	"fmt"
	"slices"
	"strings"
)

// An Action is the operation of a [Rule].
type Action string

// The actions of rules. Their case does not matter in YAML.
const (
	// Replace sets the target label to the replacement if the regex matches the source value.
	// An empty replacement removes the label. It is the default.
	Replace Action = "replace"
	// Keep drops the series unless the regex matches the source value.
	Keep Action = "keep"
	// Drop drops the series if the regex matches the source value.
	Drop Action = "drop"
	// KeepEqual drops the series unless the source value equals the target label.
	KeepEqual Action = "keepequal"
	// DropEqual drops the series if the source value equals the target label.
	DropEqual Action = "dropequal"
	// HashMod sets the target label to a hash of the source value, modulo the modulus.
	HashMod Action = "hashmod"
	// LabelMap copies each label whose name the regex matches to the label that the
	// replacement names.
	LabelMap Action = "labelmap"
	// LabelDrop removes the labels whose names the regex matches.
	LabelDrop Action = "labeldrop"
	// LabelKeep removes the labels whose names the regex does not match. Unless the regex matches __name__,
	// it also removes the name of the series.
	LabelKeep Action = "labelkeep"
	// Lowercase sets the target label to the source value in lower case.
	Lowercase Action = "lowercase"
	// Uppercase sets the target label to the source value in upper case.
	Uppercase Action = "uppercase"
)

// The YAML actions of the steps that Prometheus does not have.
const (
	actionKeepFamilies = "keepfamilies"
	actionDropFamilies = "dropfamilies"
	actionRename       = "rename"
	actionHelp         = "help"
	actionUnit         = "unit"
	actionType         = "type"
	actionScale        = "scale"
	actionAggregate    = "aggregate"
)

var (
	ruleActions = []string{
		string(Replace), string(Keep), string(Drop), string(KeepEqual), string(DropEqual), string(HashMod),
		string(LabelMap), string(LabelDrop), string(LabelKeep), string(Lowercase), string(Uppercase),
	}
	familyActions = []string{
		actionKeepFamilies, actionDropFamilies, actionRename, actionHelp, actionUnit, actionType,
		actionScale, actionAggregate,
	}
)

// normalize returns the action in lower case, or the default if it is empty.
func (a Action) normalize() (Action, error) {
	if a == "" {
		return Replace, nil
	}
	a = Action(strings.ToLower(string(a)))
	if !slices.Contains(ruleActions, string(a)) {
		return "", fmt.Errorf("action %q is unknown: the actions of rules are %s", a, strings.Join(ruleActions, ", "))
	}
	return a, nil
}

// needsTarget reports whether the action needs a target label.
func (a Action) needsTarget() bool {
	switch a {
	case Replace, KeepEqual, DropEqual, HashMod, Lowercase, Uppercase:
		return true
	default:
		return false
	}
}

// comparesEqual reports whether the action compares the source value with a label.
func (a Action) comparesEqual() bool { return a == KeepEqual || a == DropEqual }

// changesCase reports whether the action is Lowercase or Uppercase.
func (a Action) changesCase() bool { return a == Lowercase || a == Uppercase }

// selectsNames reports whether the action removes labels by their names.
func (a Action) selectsNames() bool { return a == LabelDrop || a == LabelKeep }

// readsSources reports whether the action uses the source value.
func (a Action) readsSources() bool { return a != LabelMap && !a.selectsNames() }
