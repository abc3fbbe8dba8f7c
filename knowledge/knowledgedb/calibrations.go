package knowledgedb

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
)

// rankingVersion names what the ranking makes of words and weights. It is raised when a
// change gives the signals another distribution, so that a calibration tells which
// ranking it was fitted on.
const rankingVersion = 2

//go:embed calibration.json
var calibrationJSON []byte

// DefaultCalibration is the one that comes with the program. docs/BENCHMARKS.md says
// what it was fitted on and how to do so again.
func DefaultCalibration() *knowledge.Calibration { return builtIn }

// Made is what this version of the program fits a calibration with.
func Made() knowledge.Made {
	return knowledge.Made{Analyzer: lexical.Version, Ranking: rankingVersion}
}

// builtIn is read while wiring; a test holds it to this version.
var builtIn = func() *knowledge.Calibration {
	c, err := knowledge.ParseCalibration(calibrationJSON)
	if err != nil {
		panic(err)
	}
	return c
}()

// calibrations is the calibration in use. Every search reads the number of the newest
// stored one along with its hits, so a replica takes a new one up with its next search
// and spends a round trip only then.
type calibrations struct {
	fixed *knowledge.Calibration // when set, always used
	used  atomic.Pointer[stored]
}

// stored is a row of calibrations; use is the default where the row does not fit.
type stored struct {
	id  int64
	use *knowledge.Calibration
}

// calibration returns the one to go by when id is that of the newest stored one, 0 when
// none is stored and negative when it is not known.
func (s *Store) calibration(ctx context.Context, id int64) *knowledge.Calibration {
	if s.calibrations.fixed != nil {
		return s.calibrations.fixed
	}
	now := s.calibrations.used.Load()
	switch {
	case id < 0 && now != nil:
		return now.use
	case id <= 0:
		return builtIn
	case now != nil && now.id == id:
		return now.use
	}
	c, err := s.storedCalibration(ctx, id)
	switch {
	case errors.Is(err, knowledge.ErrCalibration):
		// Of another version of the program: what came with this one fits it.
		s.log.WarnContext(ctx, "stored calibration is not used", "calibration_row", id, "error", err)
		c = builtIn
	case err != nil:
		s.log.WarnContext(ctx, "calibration was not read", "calibration_row", id, "error", err)
		if now != nil {
			return now.use
		}
		return builtIn
	default:
		s.log.InfoContext(ctx, "calibration taken up", "calibration", c.ID, "calibration_row", id)
	}
	s.calibrations.used.Store(&stored{id, c})
	return c
}

func (s *Store) storedCalibration(ctx context.Context, id int64) (*knowledge.Calibration, error) {
	var body []byte
	if err := s.pool.QueryRow(ctx, `SELECT body FROM calibrations WHERE id = @id`, pgx.NamedArgs{"id": id}).Scan(&body); err != nil {
		return nil, fmt.Errorf("read calibration %d: %w", id, err)
	}
	return knowledge.ParseCalibration(body)
}

// SaveCalibration stores c as the newest, which every replica goes by from its next
// search on. One that does not fit this version is refused with knowledge.ErrCalibration.
func (s *Store) SaveCalibration(ctx context.Context, c *knowledge.Calibration) error {
	if err := c.Check(); err != nil {
		return err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("save calibration %s: %w", c.ID, err)
	}
	if _, err := s.pool.Exec(ctx, `INSERT INTO calibrations (body) VALUES (@body)`, pgx.NamedArgs{"body": body}); err != nil {
		return fmt.Errorf("save calibration %s: %w", c.ID, err)
	}
	return nil
}

// UseCalibration goes by c whatever is stored. It is called before the first search.
func (s *Store) UseCalibration(c *knowledge.Calibration) { s.calibrations.fixed = c }
