package knowledgedb

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/migrations/dbtest"
)

// surer is the default calibration with another intercept and other thresholds.
func surer() *knowledge.Calibration {
	c := *DefaultCalibration()
	c.Lexical.Intercept += 2
	c.Thresholds.Answer, c.Thresholds.Maybe = .9, .8
	c.Seal()
	return &c
}

func TestTheDefaultCalibrationIsOfThisAnalysisAndRanking(t *testing.T) {
	if got := DefaultCalibration().Made; got.Analyzer != lexical.Version || got.Ranking != rankingVersion {
		t.Errorf("calibration.json was made for analyzer %d and ranking %d, this is %d and %d: run make fit", got.Analyzer, got.Ranking, lexical.Version, rankingVersion)
	}
}

func TestAStoredCalibrationIsTakenUpByTheNextSearchOfEveryReplica(t *testing.T) {
	pool := dbtest.New(t)
	var replicas []*Store
	for range 2 {
		replicas = append(replicas, New(pool, nil, slog.New(slog.DiscardHandler)))
	}
	put(t, replicas[0], newDocument(t, replicas[0], "FAQ"), entry("How long do refunds take?", "Five days."), entry("Where is my parcel?", "On its way."))
	q := knowledge.Query{Text: "how long until I get my refund"}
	before := mustFind(t, replicas[1], q)
	if d := DefaultCalibration(); before.Calibration != d.ID || before.Thresholds != d.Thresholds {
		t.Errorf("found by %s with %v, want the default's %s and %v", before.Calibration, before.Thresholds, d.ID, d.Thresholds)
	}
	c := surer()
	if err := replicas[0].SaveCalibration(t.Context(), c); err != nil {
		t.Fatalf("SaveCalibration() = %v, want nil", err)
	}
	for i, s := range replicas {
		r := mustFind(t, s, q)
		if r.Calibration != c.ID || r.Thresholds != c.Thresholds || r.Confidence <= before.Confidence {
			t.Errorf("replica %d: %.3f by %s with %v, want more than %.3f by %s with %v", i, r.Confidence, r.Calibration, r.Thresholds, before.Confidence, c.ID, c.Thresholds)
		}
	}
	if err := replicas[0].SaveCalibration(t.Context(), DefaultCalibration()); err != nil {
		t.Fatal(err)
	}
	if r := mustFind(t, replicas[1], q); r.Calibration != before.Calibration || r.Confidence != before.Confidence {
		t.Errorf("after the default was stored: %.3f by %s, want %.3f by %s", r.Confidence, r.Calibration, before.Confidence, before.Calibration)
	}
}

func TestACalibrationOfOtherFeaturesIsRefused(t *testing.T) {
	var log strings.Builder
	s := New(dbtest.New(t), nil, slog.New(slog.NewTextHandler(&log, nil)))
	put(t, s, newDocument(t, s, "FAQ"), entry("Where is my parcel?", "On its way."))
	c := surer()
	c.Lexical.Features = slices.Concat(c.Lexical.Features, []string{"mood"})
	c.Lexical.Coefficients = append(slices.Clone(c.Lexical.Coefficients), 1)
	c.Seal()
	if err := s.SaveCalibration(t.Context(), c); !errors.Is(err, knowledge.ErrCalibration) || !strings.Contains(err.Error(), "mood") {
		t.Errorf("SaveCalibration(other features) = %v, want ErrCalibration that names them", err)
	}
	// As a newer version of the program would have stored it.
	if _, err := s.pool.Exec(t.Context(), `INSERT INTO calibrations (body) VALUES ('{"lexical": {"features": ["mood"], "coefficients": [1]}}')`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := mustFind(t, s, knowledge.Query{Text: "the parcel"}); r.Calibration != DefaultCalibration().ID {
			t.Errorf("found by %s, want the default", r.Calibration)
		}
	}
	if n := strings.Count(log.String(), "stored calibration is not used"); n != 1 {
		t.Errorf("warned %d times in two searches, want once: %s", n, log.String())
	}
}
