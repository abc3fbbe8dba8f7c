package openai

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"

	"frontdesk/conversation"
)

// DefaultModerationModel is asked where no other is named.
const DefaultModerationModel = "omni-moderation-latest"

// Moderator judges texts with one moderation model. It implements
// conversation.Moderator. Safe for concurrent use.
type Moderator struct {
	server  *server
	service sdk.ModerationService
	model   string
}

var _ conversation.Moderator = (*Moderator)(nil)

// NewModerator returns a Moderator for a model on cfg's server; cfg.Models is not used.
func NewModerator(cfg Config, model string) (*Moderator, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if model == "" {
		return nil, errors.New("no moderation model is named")
	}
	s := newServer(cfg)
	return &Moderator{server: s, service: sdk.NewModerationService(s.options()...), model: model}, nil
}

// Moderate implements conversation.Moderator. It returns the categories flagged,
// as "harassment, violence". Errors are *conversation.ModelError or ctx's own.
func (m *Moderator) Moderate(ctx context.Context, text string) (string, error) {
	start := m.server.now()
	call := Call{Model: m.model}
	var flagged string
	err := m.server.do(ctx, func(ctx context.Context) error {
		return m.server.repeat(ctx, &call.Attempts, func(ctx context.Context) (bool, error) {
			res, err := m.service.New(ctx, sdk.ModerationNewParams{
				Model: m.model, Input: sdk.ModerationNewParamsInputUnion{OfString: param.NewOpt(strings.ToValidUTF8(text, "\uFFFD"))},
			})
			if err != nil {
				return false, err
			}
			if len(res.Results) == 0 {
				return false, &conversation.ModelError{Kind: conversation.ErrUnavailable, Err: errMalformed}
			}
			flagged = categories(res.Results)
			return false, nil
		})
	})
	call.Total = m.server.now().Sub(start)
	call.First, call.Kind = call.Total, kindOf(err)
	m.server.Observe(call)
	return flagged, err
}

func categories(results []sdk.Moderation) string {
	var names []string
	for _, r := range results {
		if !r.Flagged {
			continue
		}
		var all map[string]bool
		if json.Unmarshal([]byte(r.Categories.RawJSON()), &all) == nil {
			for name, is := range all {
				if is {
					names = append(names, name)
				}
			}
		}
		if len(names) == 0 {
			names = append(names, "flagged")
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
