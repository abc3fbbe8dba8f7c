package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/console"
	"frontdesk/knowledge"
)

var searchCommand = command{
	name: "search", usage: "QUERY [--json] [--limit N]", quiet: true,
	summary: "Find passages as the bot does, and show why",
	help:    "  frontdesk search \"can I return sale items\" --json --limit 3",
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		asJSON := fs.Bool("json", false, "print the result as JSON, as POST /api/v1/search does")
		limit := fs.Int("limit", knowledge.DefaultLimit, "passages wanted, `N` from 1 to "+strconv.Itoa(knowledge.MaxLimit))
		return func(ctx context.Context, a *app, args []string) error {
			query, err := oneText(args)
			if err != nil {
				return err
			}
			if *limit < 1 || *limit > knowledge.MaxLimit {
				return usageError("--limit is a number from 1 to " + strconv.Itoa(knowledge.MaxLimit))
			}
			db, k, err := openKnowledge(ctx, a)
			if err != nil {
				return err
			}
			defer db.close()
			res, err := k.purse.Finder(k.store, conversation.Account{}).Find(ctx, knowledge.Query{Text: query, Limit: *limit})
			if err != nil {
				return err
			}
			if *asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				return enc.Encode(console.ViewResult(res))
			}
			th := k.settings().ThresholdsFor(res)
			res.Thresholds = knowledge.Thresholds{Answer: th.Answer, Maybe: th.Maybe}
			printResult(a.stdout, res)
			return nil
		}
	},
}

// oneText joins the words of a question that was not quoted.
func oneText(args []string) (string, error) {
	text := strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(strings.Join(args, " "), "\uFFFD"), "\x00", ""))
	if text == "" {
		return "", usageError("say what to look for")
	}
	if utf8.RuneCountInString(text) > conversation.MaxTextRunes {
		return "", usageError("the text is longer than " + strconv.Itoa(conversation.MaxTextRunes) + " characters")
	}
	return text, nil
}

func printResult(w io.Writer, res knowledge.Result) {
	if len(res.Hits) == 0 {
		fmt.Fprintln(w, "Nothing found.")
		return
	}
	fmt.Fprintf(w, "Confidence %.2f (answered from %.2f, with the offer of a person from %.2f; calibration %s)\n",
		res.Confidence, res.Thresholds.Answer, res.Thresholds.Maybe, res.Calibration)
	for i, h := range res.Hits {
		title := h.Title
		if title == "" {
			title = h.Heading
		}
		fmt.Fprintf(w, "\n%d. %s\n   %s\n", i+1, title, whence(h.Document, h.Heading, h.Page))
		fmt.Fprintf(w, "   words %s, meaning %s, fused %.4f", ranked(h.LexicalRank, h.LexicalScore), ranked(h.DenseRank, h.DenseScore), h.Score)
		if h.RerankRank > 0 {
			fmt.Fprintf(w, ", %s %s", res.Reranker, ranked(h.RerankRank, h.RerankScore))
		}
		if h.Exact {
			fmt.Fprint(w, ", the same question")
		}
		fmt.Fprintf(w, "\n   %s\n", strings.ReplaceAll(shorten(h.Text, 300), "\n", "\n   "))
	}
}

func ranked(rank int, score float64) string {
	if rank == 0 {
		return "-"
	}
	return fmt.Sprintf("#%d (%.3f)", rank, score)
}

// whence says where a passage stands: document, heading, page.
func whence(document, heading string, page int) string {
	parts := []string{document}
	if heading != "" {
		parts = append(parts, heading)
	}
	if page > 0 {
		parts = append(parts, "page "+strconv.Itoa(page))
	}
	return strings.Join(parts, " › ")
}

// shorten cuts a text to at most n characters, at a space where there is one.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	s = string(r[:n])
	if i := strings.LastIndexByte(s, ' '); i > len(s)/2 {
		s = s[:i]
	}
	return s + "…"
}
