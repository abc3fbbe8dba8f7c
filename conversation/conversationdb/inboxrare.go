package conversationdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What few conversations have is looked for by what they have: in the order of the list
// nearly all of it would be read before a page is full, or known never to be.

// speaks adds what a filter by language asks for: that language, and as it is written
// in any place where the filter names none. The first condition has an index, in the
// order of most lists.
func (l *listing) speaks(locale string) {
	if locale == "" {
		return
	}
	language, place, _ := strings.Cut(locale, "-")
	l.args["language"] = language
	l.and("split_part(lower(c.locale), '-', 1) = @language")
	if place != "" {
		l.args["locale"] = locale
		l.and("(lower(c.locale) = @locale OR starts_with(lower(c.locale), @locale || '-'))")
	}
}

// maxNamed is how many conversations with a label are named to the list. Of more a page
// is found along it, or by the label, as Postgres knows how often that is.
const maxNamed = 200

// labelled adds what a filter by label asks for; none says that nothing has it. The
// label is looked up beforehand: the list is planned for its values, and from a name
// alone Postgres cannot tell a label that all have from one that nobody has.
func (s *Store) labelled(ctx context.Context, l *listing) (none bool, err error) {
	const q = `SELECT l.id::text, n.many, CASE WHEN NOT n.many THEN ARRAY(SELECT cl.conversation_id::text FROM conversation_labels cl WHERE cl.label_id = l.id) END
		FROM labels l CROSS JOIN LATERAL (SELECT count(*) > @most AS many
			FROM (SELECT FROM conversation_labels cl WHERE cl.label_id = l.id LIMIT @most + 1) z) n
		WHERE lower(l.name) = lower(@name)`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"name": l.f.Label, "most": maxNamed})
	if err != nil {
		return false, fmt.Errorf("look for conversations with a label: %w", err)
	}
	var (
		id   string
		many bool
		with []string
	)
	if _, err = pgx.ForEachRow(rows, []any{&id, &many, &with}, func() error { return nil }); err != nil {
		return false, fmt.Errorf("look for conversations with a label: %w", err)
	}
	if many {
		l.args["label"] = id
		l.and("c.id IN (SELECT cl.conversation_id FROM conversation_labels cl WHERE cl.label_id = @label::uuid)")
		return false, nil
	}
	l.args["labelled"] = with
	l.and("c.id = ANY (@labelled::uuid[])")
	return len(with) == 0, nil
}
