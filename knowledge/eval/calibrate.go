package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"frontdesk/knowledge"
)

// FitOptions say what to fit a calibration on.
type FitOptions struct {
	Dirs []string // the sets; each as for Options.Dir
	// Open makes an empty index for one set, and how to be rid of it.
	Open func(ctx context.Context) (ix Explainer, done func() error, err error)
	Made knowledge.Made
	// Embedding names the model that the indexes embed with; empty without one. Then the
	// dense part of Default is kept.
	Embedding string
	Default   *knowledge.Calibration
	// Progress, when set, is told of the stages and how far each is, never by two
	// goroutines at once.
	Progress func(stage string, done, total int)
}

const (
	// answerPrecision is how often what is said without reserve is to be right.
	answerPrecision = .9
	// maybePrecision is how often what is said with the offer of a person is.
	maybePrecision = .5
	thresholdRule  = "answer: the least confidence at and above which %.2g of the mixture is right; maybe: the least from which to answer %.2g is"
)

// What the mixture a calibration is fitted on is made of. What customers ask differs by
// desk; this one is stated, so that a confidence of .8 has a meaning.
const (
	ownShare      = .5  // have their answer in the collection
	closeShare    = .25 // are of the kind asked there and have none
	strangerShare = .25 // are of another collection
	// fullGroup is how many queries a group has that weighs what a large one does; a
	// smaller one weighs in proportion.
	fullGroup = 50
)

const mixture = "half of the queries have their answer in the collection, a quarter are of the kind asked there and have none (of strangers where no set says so), " +
	"a quarter come from other collections; right is a relevant document among the first three"

// FitCalibration fits on all queries of the sets but those of the split "test", which
// are only reported on. The same sets, ranking and options give the same bytes.
func FitCalibration(ctx context.Context, o FitOptions) (knowledge.Calibration, FitReport, error) {
	sets, err := readSets(o.Dirs)
	if err != nil {
		return knowledge.Calibration{}, FitReport{}, err
	}
	all, err := o.gather(ctx, sets)
	if err != nil {
		return knowledge.Calibration{}, FitReport{}, err
	}
	c, err := o.fit(all)
	if err != nil {
		return c, FitReport{}, err
	}
	rep := FitReport{Mixture: mixture, Embedding: o.Embedding}
	for i, s := range sets {
		f := FitSet{Name: s.name, Documents: len(s.Documents), Queries: len(s.Queries)}
		if f.SHA256, err = digest(o.Dirs[i]); err != nil {
			return c, rep, err
		}
		rep.Sets = append(rep.Sets, f)
	}
	o.report(&rep, &c, all)
	if c.Fit, err = json.Marshal(rep); err != nil {
		return c, rep, fmt.Errorf("encode the report: %w", err)
	}
	c.Seal()
	return c, rep, c.Check()
}

// gather puts all queries to all collections, one collection after the other.
func (o FitOptions) gather(ctx context.Context, sets []named) (all []group, err error) {
	tell := func(stage string, done, total int) {
		if o.Progress != nil {
			o.Progress(stage, done, total)
		}
	}
	for at, set := range sets {
		gs, queries := groups(sets, at)
		total := 0
		for _, qs := range queries {
			total += len(qs)
		}
		err := func() (err error) {
			ix, done, err := o.Open(ctx)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, done()) }()
			ps, owner := set.Passages()
			if err := ix.Load(ctx, ps, func(n int) { tell("loading "+set.name, n, len(ps)) }); err != nil {
				return fmt.Errorf("load %s: %w", set.name, err)
			}
			before := 0
			for i := range gs {
				if err := o.observe(ctx, ix, &gs[i], queries[i], set, owner, func(n int) { tell("asking "+set.name, before+n, total) }); err != nil {
					return err
				}
				before += len(queries[i])
			}
			return nil
		}()
		if err != nil {
			return nil, err
		}
		all = append(all, gs...)
	}
	return all, nil
}

// weigh gives every observation its part of the mixture, test splits none. Groups of a
// kind weigh the same, small ones less.
func weigh(all []group) {
	parts := map[kind]float64{kindOwn: ownShare, kindClose: closeShare, kindStranger: strangerShare}
	size := map[kind]float64{}
	for _, g := range all {
		size[g.kind] += min(1, float64(len(g.seen))/fullGroup)
	}
	if size[kindClose] == 0 {
		parts[kindStranger] += parts[kindClose]
	}
	for _, g := range all {
		for i := range g.seen {
			g.seen[i].weight = 0
			if part := parts[g.kind]; part > 0 {
				g.seen[i].weight = part / size[g.kind] * min(1, float64(len(g.seen))/fullGroup) / float64(len(g.seen))
			}
		}
	}
}

// errNothing is returned for sets of which nothing can be learned.
var errNothing = errors.New("nothing to fit on: there must be queries that are answered and queries that are not, outside the split " + testSplit)

// fit fits everything but the report.
func (o FitOptions) fit(all []group) (knowledge.Calibration, error) {
	weigh(all)
	c := knowledge.Calibration{Made: o.Made}
	var lexical []Sample
	for _, g := range all {
		for _, x := range g.seen {
			if x.weight > 0 && x.signals.Any && !x.signals.Exact { // else decided without the function
				lexical = append(lexical, Sample{X: x.signals.Lexical(), Yes: x.yes, Weight: x.weight * scale})
			}
		}
	}
	if !both(lexical) {
		return c, errNothing
	}
	c.Lexical = logistic(knowledge.LexicalFeatures, lexical)
	c.Curve = fitCurve(c.Lexical, lexical)
	c.Dense = o.Default.Dense
	if o.Embedding != "" {
		c.Dense = fitDense(&c, all, o.Embedding)
	}
	c.Thresholds = chooseThresholds(predict(&c, all, learned))
	return c, nil
}

// scale brings the weights of a mixture to where the ridge is meant for.
const scale = 1000

func both(samples []Sample) bool {
	yes, no := false, false
	for _, s := range samples {
		yes, no = yes || s.Yes, no || !s.Yes
	}
	return yes && no
}

func logistic(features []string, samples []Sample) knowledge.Logistic {
	intercept, coefficients := Fit(samples)
	l := knowledge.Logistic{Features: features, Intercept: rounded(intercept, 4)}
	for _, x := range coefficients {
		l.Coefficients = append(l.Coefficients, rounded(x, 4))
	}
	return l
}

// denseRounds is far beyond where the numbers stand still.
const denseRounds = 40

// fitDense fits the second opinion given the first. Both are joined as "either has
// found it", of which it is not known which: expectation maximisation, where a right
// answer counts for the second opinion as far as it explains it.
func fitDense(c *knowledge.Calibration, all []group, model string) knowledge.DenseLogistic {
	d := knowledge.DenseLogistic{Logistic: c.Dense.Logistic, Model: model, Provenance: "fitted"}
	for range denseRounds {
		var samples []Sample
		for _, g := range all {
			for _, x := range g.seen {
				dense := x.signals.Dense()
				if x.weight == 0 || dense == nil || x.signals.Exact {
					continue
				}
				w, explains := x.weight*scale, 0.
				if x.yes {
					first, second := c.ByWords(x.signals), d.At(dense)
					explains = second / (1 - (1-first)*(1-second))
				}
				samples = append(samples, Sample{X: dense, Yes: true, Weight: w * explains}, Sample{X: dense, Weight: w * (1 - explains)})
			}
		}
		if len(samples) == 0 {
			return c.Dense
		}
		d.Logistic = logistic(knowledge.DenseFeatures, samples)
	}
	return d
}
