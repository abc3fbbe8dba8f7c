package knowledge

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func calibrated() *Calibration {
	c := &Calibration{
		Lexical:    Logistic{LexicalFeatures, -3, []float64{2, 1, 1, 2, 1, 1, .5, .5}},
		Curve:      []Knot{{.1, .05}, {.5, .7}, {.9, .92}},
		Dense:      DenseLogistic{Logistic: Logistic{DenseFeatures, -7, []float64{14, 1}}, Provenance: "assumed"},
		Thresholds: Thresholds{Answer: .7, Maybe: .3},
		Fit:        json.RawMessage(`{"sets":[{"name":"a"}],"mixture":"m"}`),
	}
	c.Seal()
	return c
}

func TestConfidenceRisesWithItsSignals(t *testing.T) {
	c := calibrated()
	last := -1.
	for x := 0.; x <= 1; x += .01 {
		got := c.Confidence(Signals{Any: true, Score: x, Strength: x, Length: .5, Coverage: x, Wording: x, Neighbours: x, Distinct: x, Own: x})
		if got <= last || got >= 1 {
			t.Fatalf("Confidence at %.2f = %v after %v, want more and below 1", x, got, last)
		}
		last = got
	}
	s := Signals{Any: true, Score: .5, Length: .5, Coverage: .5}
	words := c.Confidence(s)
	s.Cosine = .1
	if got := c.Confidence(s); got < words || got > words+.05 {
		t.Errorf("with a far vector %.3f, want about the %.3f of words alone", got, words)
	}
	s.Cosine = .8
	if got := c.Confidence(s); got < .9 {
		t.Errorf("with a near vector %.3f, want above .9", got)
	}
	near := c.Confidence(Signals{Any: true, Cosine: .5})
	if agreed := c.Confidence(Signals{Any: true, Cosine: .5, Agreement: 1}); agreed <= near {
		t.Errorf("agreed %.3f, alone %.3f, want more where both agree", agreed, near)
	}
	if got := c.Confidence(Signals{Cosine: .9}); got != 0 {
		t.Errorf("Confidence(nothing found) = %v, want 0", got)
	}
	if got := c.Confidence(Signals{Any: true, Exact: true}); got != exactConfidence {
		t.Errorf("Confidence(exact) = %v, want %v", got, exactConfidence)
	}
}

func TestCurvePassesThroughItsKnots(t *testing.T) {
	c := calibrated().Curve
	for _, k := range c {
		if got := onCurve(c, k.Likelihood); math.Abs(got-k.Right) > 1e-9 {
			t.Errorf("onCurve(%v) = %v, want %v", k.Likelihood, got, k.Right)
		}
	}
	if low, high := onCurve(c, .001), onCurve(c, .999); low <= 0 || low >= .05 || high <= .92 || high >= 1 {
		t.Errorf("beyond the knots %v and %v, want further out and within 0 and 1", low, high)
	}
	if got := onCurve(nil, .4); got != .4 {
		t.Errorf("without knots %v, want .4", got)
	}
}

func TestCalibrationSurvivesADatabaseThatOrdersItsKeys(t *testing.T) {
	c := calibrated()
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var keyed map[string]any
	if err := json.Unmarshal(data, &keyed); err != nil {
		t.Fatal(err)
	}
	data, err = json.MarshalIndent(keyed, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseCalibration(data)
	if err != nil || got.ID != c.ID || !slices.Equal(got.Curve, c.Curve) {
		t.Errorf("ParseCalibration = %+v, %v, want that of %s", got, err, c.ID)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	for name, change := range map[string]func(c *Calibration){
		"another feature":      func(c *Calibration) { c.Lexical.Features = []string{"a", "b", "c", "d", "e", "f", "g", "h"} },
		"a number too few":     func(c *Calibration) { c.Lexical.Coefficients = c.Lexical.Coefficients[:4] },
		"no number":            func(c *Calibration) { c.Lexical.Coefficients[0] = math.NaN() },
		"another dense":        func(c *Calibration) { c.Dense.Features = []string{"cosine"} },
		"falling curve":        func(c *Calibration) { c.Curve[1].Right = .01 },
		"curve to certainty":   func(c *Calibration) { c.Curve[2].Right = 1 },
		"thresholds crossed":   func(c *Calibration) { c.Thresholds.Maybe = .8 },
		"no thresholds":        func(c *Calibration) { c.Thresholds = Thresholds{} },
		"threshold out of all": func(c *Calibration) { c.Thresholds.Answer = 2 },
	} {
		c := calibrated()
		c.Lexical.Coefficients = slices.Clone(c.Lexical.Coefficients)
		c.Curve = slices.Clone(c.Curve)
		change(c)
		c.Seal()
		if err := c.Check(); !errors.Is(err, ErrCalibration) {
			t.Errorf("%s: Check() = %v, want ErrCalibration", name, err)
		}
	}
	c := calibrated()
	c.Lexical.Intercept = 4
	if err := c.Check(); !errors.Is(err, ErrCalibration) || !strings.Contains(err.Error(), "changed after") {
		t.Errorf("Check(changed by hand) = %v, want that it was changed", err)
	}
}

func FuzzParseCalibration(f *testing.F) {
	data, err := json.Marshal(calibrated())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"lexical":{"features":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCalibration(data)
		if err != nil {
			if !errors.Is(err, ErrCalibration) {
				t.Errorf("ParseCalibration = %v, want ErrCalibration", err)
			}
			return
		}
		if p := c.Confidence(Signals{Any: true, Score: .5, Length: .5, Cosine: .5}); !(p >= 0 && p <= 1) {
			t.Errorf("Confidence = %v, want 0 to 1", p)
		}
	})
}
