package knowledge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// ErrCalibration is wrapped by every refusal of a calibration that this version of the
// program cannot go by; the text says why.
var ErrCalibration = errors.New("knowledge: calibration refused")

// Calibration turns the signals of a search into a likelihood, and says from where on a
// likelihood is enough. It is fitted on questions with known answers and carries what
// it was fitted on and how well it does. It is not changed once made.
type Calibration struct {
	ID      string   `json:"id"` // of its contents: the same numbers from the same data have the same
	Made    Made     `json:"made"`
	Lexical Logistic `json:"lexical"`
	// Curve corrects what Lexical yields to the share that was right, since the logistic
	// function alone is too sure of some and not enough of others; both numbers rise.
	Curve      []Knot        `json:"curve"`
	Dense      DenseLogistic `json:"dense"`
	Thresholds Thresholds    `json:"thresholds"`
	// Fit is the report of the fitting: the sets with their digests, the mixture of
	// queries and the checks. The program does not read it.
	Fit json.RawMessage `json:"fit,omitempty"`
}

// Made is what a calibration was made by.
type Made struct {
	Program  string `json:"program"`
	Date     string `json:"date,omitempty"` // as given; left out, the same data give the same bytes
	Analyzer int    `json:"analyzer"`       // version of the analysis of words
	Ranking  int    `json:"ranking"`        // version of the ranking
}

// Knot is one point of a curve between likelihoods.
type Knot struct {
	Likelihood float64 `json:"likelihood"` // as the function has it
	Right      float64 `json:"right"`      // as it was
}

// DenseLogistic is the second opinion where there are vectors.
type DenseLogistic struct {
	Logistic
	Model      string `json:"model,omitempty"` // the embedding model it was fitted with
	Provenance string `json:"provenance"`      // "fitted", or "assumed" with the reason
}

// Thresholds say what a confidence is enough for.
type Thresholds struct {
	Answer float64 `json:"answer"` // at or above: say it
	Maybe  float64 `json:"maybe"`  // at or above: say it and offer a person; below: say that it is not known
	Rule   string  `json:"rule"`   // how they were chosen
}

// exactConfidence is given to a question that is an entry's own, word for word.
const exactConfidence = .99

// Confidence is the likelihood, 0..1, that the first hits answer the question.
func (c *Calibration) Confidence(s Signals) float64 {
	switch {
	case !s.Any:
		return 0
	case s.Exact:
		return exactConfidence
	}
	lexical := c.ByWords(s)
	dense := s.Dense()
	if dense == nil {
		return lexical
	}
	// Either ranking alone may have found what answers.
	return 1 - (1-lexical)*(1-c.Dense.At(dense))
}

// ByWords is the likelihood as far as words tell.
func (c *Calibration) ByWords(s Signals) float64 { return onCurve(c.Curve, c.Lexical.At(s.Lexical())) }

// onCurve goes straight from knot to knot in log odds and, outside them, on with the
// same odds as before; so what was above stays above.
func onCurve(curve []Knot, p float64) float64 {
	if len(curve) == 0 {
		return p
	}
	z := logit(p)
	i := 0
	for i < len(curve) && logit(curve[i].Likelihood) < z {
		i++
	}
	near := curve[min(i, len(curve)-1)]
	y := logit(near.Right) + z - logit(near.Likelihood)
	if 0 < i && i < len(curve) {
		a, b := curve[i-1], curve[i]
		part := (z - logit(a.Likelihood)) / (logit(b.Likelihood) - logit(a.Likelihood))
		y = logit(a.Right) + part*(logit(b.Right)-logit(a.Right))
	}
	return 1 / (1 + math.Exp(-y))
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// rising reports whether both numbers of the knots rise and lie between 0 and 1.
func rising(curve []Knot) bool {
	last := Knot{}
	for _, k := range curve {
		if !(last.Likelihood < k.Likelihood && k.Likelihood < 1 && last.Right < k.Right && k.Right < 1) {
			return false
		}
		last = k
	}
	return true
}

// Check returns an error that wraps ErrCalibration when c does not fit this version.
func (c *Calibration) Check() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrCalibration, fmt.Sprintf(format, args...))
	}
	switch {
	case !c.Lexical.fits(LexicalFeatures):
		return refuse("it weighs %s by %d numbers, this version has the features %s; fit it anew with frontdesk eval --fit",
			strings.Join(c.Lexical.Features, ", "), len(c.Lexical.Coefficients), strings.Join(LexicalFeatures, ", "))
	case !c.Dense.fits(DenseFeatures):
		return refuse("of vectors it weighs %s by %d numbers, this version has %s; fit it anew with frontdesk eval --fit",
			strings.Join(c.Dense.Features, ", "), len(c.Dense.Coefficients), strings.Join(DenseFeatures, ", "))
	case !rising(c.Curve):
		return refuse("its curve does not rise from 0 to 1")
	case !(0 < c.Thresholds.Maybe && c.Thresholds.Maybe <= c.Thresholds.Answer && c.Thresholds.Answer <= 1):
		return refuse("its thresholds are %v and %v, not 0 < maybe <= answer <= 1", c.Thresholds.Maybe, c.Thresholds.Answer)
	case c.ID != c.digest():
		return refuse("its id is %q and that of its contents %q: it was changed after it was made", c.ID, c.digest())
	}
	return nil
}

// Seal gives c the ID of its contents.
func (c *Calibration) Seal() { c.ID = c.digest() }

// digest is the beginning of the SHA-256 of c without its ID, as JSON with its keys in
// order: a database may store another.
func (c *Calibration) digest() string {
	plain := *c
	plain.ID = ""
	b, err := json.Marshal(plain)
	var keyed map[string]any
	if err == nil {
		err = json.Unmarshal(b, &keyed)
	}
	if err == nil {
		b, err = json.Marshal(keyed)
	}
	if err != nil { // a number that JSON cannot hold
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

// ParseCalibration reads and checks what a Calibration was marshalled to.
func ParseCalibration(data []byte) (*Calibration, error) {
	var c Calibration
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCalibration, err)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return &c, nil
}
