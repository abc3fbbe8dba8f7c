package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"frontdesk/knowledge"
)

// Columns a table may have. Others are ignored.
const (
	colQuestion     = "question"
	colAnswer       = "answer"
	colAlternatives = "alternatives"
	colLang         = "lang"
	colURL          = "url"
	colVerbatim     = "verbatim"
	colOwner        = "owner"
	colReviewBy     = "review_by"
	colOwn          = "id"
	colTitle        = "title"
	colText         = "text"
)

// columns are the names people give these columns, folded as fold does.
var columns = map[string]string{}

func init() {
	for column, names := range map[string]string{
		colQuestion: "question q questions frage pregunta pergunta domanda vraag pytanie soru вопрос питання 问题 問題 提问 標準問 标准问 質問 질문 سؤال السؤال प्रश्न",
		colAnswer: "answer a answers response reply antwort respuesta reponse réponse resposta risposta antwoord odpowiedź odpowiedz cevap yanıt " +
			"ответ відповідь 答案 回答 回复 答复 答え 답변 إجابة الإجابة جواب उत्तर",
		colAlternatives: "alternatives alternative alternative_questions alternative_question alternate_questions similar similar_questions variants " +
			"other_questions other_wordings rephrasings alternativen alternativas variantes variantes_de_la_pregunta варианты похожие_вопросы " +
			"相似问题 相似问 相似问法 其他问法 同义问题 相似問題 類似質問 유사질문",
		colLang:     "lang language locale sprache idioma langue lingua taal język jezyk dil язык 语言 語言 言語 언어 اللغة",
		colURL:      "url link href source_url page enlace lien ссылка 链接 連結 网址 網址 リンク 링크 الرابط",
		colVerbatim: "verbatim exact word_for_word wörtlich woertlich textual literal дословно 逐字 原文",
		colOwner: "owner responsible maintainer verantwortlich zuständig responsable responsável responsabile eigenaar właściciel sorumlu " +
			"владелец ответственный 负责人 負責人 担当者 담당자 المسؤول",
		colReviewBy: "review_by review_date review_due next_review review_until prüfen_bis pruefen_bis überprüfen_bis revisar_antes_de fecha_de_revisión " +
			"à_revoir_avant date_de_révision rever_até da_rivedere_entro проверить_до 复核日期 審核日期 見直し期限 검토일 تاريخ_المراجعة",
		colOwn:   "id entry_id faq_id",
		colTitle: "title heading subject headline titel título titulo titre titolo заголовок 标题 標題 タイトル 제목 العنوان",
		colText:  "text body content passage description inhalt texto contenido conteúdo contenu testo tekst текст 正文 内容 內容 本文 본문 내용 النص",
	} {
		for name := range strings.FieldsSeq(names) {
			columns[fold(name)] = column
		}
	}
}

// fold makes a column's name comparable: case, spaces, dashes and the form of
// accents do not matter.
func fold(name string) string {
	name = strings.ToLower(norm.NFKC.String(strings.TrimSpace(name)))
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' || r == '_' }), "_")
}

// row is one entry or text as a file gives it, before it is checked.
type row struct {
	number       int // 1-based line or element, for messages
	cells        map[string]string
	alternatives []string
}

// rows gathers the rows of one file.
type rows struct {
	ctx  context.Context
	unit string // what a row is called in messages: "row", "line"
	text knowledge.Text
	n    int
	size int
	// byRow is for who wants to know of every row: what would end the reading
	// with an error is kept in judged, in order with the entries.
	byRow  bool
	judged []knowledge.EntryRow
	texts  int // of the judged that are a title and a text
}

// add checks one row and keeps it. A wholly empty row is skipped.
func (rs *rows) add(r row) error {
	if err := rs.ctx.Err(); err != nil {
		return err
	}
	for k, v := range r.cells {
		r.cells[k] = strings.TrimSpace(v)
		rs.size += len(v)
	}
	var empty = len(r.alternatives) == 0
	for _, v := range r.cells {
		empty = empty && v == ""
	}
	if empty {
		return nil
	}
	if rs.n++; rs.n > MaxRows || rs.byRow && rs.n > knowledge.MaxImportRows {
		return rs.tooMany()
	}
	if rs.size > MaxText {
		return fmt.Errorf("%w: the text has more than %d MB", knowledge.ErrTooLarge, MaxText>>20)
	}
	_, asks := r.cells[colQuestion]
	_, answers := r.cells[colAnswer]
	if asks || answers {
		return rs.entry(r)
	}
	return rs.section(r)
}

func (rs *rows) entry(r row) error {
	e := knowledge.Entry{
		Question: squeeze(r.cells[colQuestion]), Answer: r.cells[colAnswer],
		Lang: tag(r.cells[colLang]), URL: r.cells[colURL], Row: r.number,
		Owner: squeeze(r.cells[colOwner]), Own: own(r.cells[colOwn]),
	}
	switch {
	case e.Question == "":
		return rs.fail(r, knowledge.ErrCorrupt, "there is an answer but no question")
	case e.Answer == "":
		return rs.fail(r, knowledge.ErrCorrupt, "there is a question but no answer")
	case len(e.Question) > MaxQuestion:
		return rs.fail(r, knowledge.ErrTooLarge, "the question has more than %d bytes", MaxQuestion)
	case len(e.Answer) > MaxAnswer:
		return rs.fail(r, knowledge.ErrTooLarge, "the answer has more than %d bytes", MaxAnswer)
	case len(e.URL) > MaxURL:
		return rs.fail(r, knowledge.ErrTooLarge, "the address has more than %d bytes", MaxURL)
	case len(e.Owner) > MaxOwner:
		return rs.fail(r, knowledge.ErrTooLarge, "the owner has more than %d bytes", MaxOwner)
	}
	var ok bool
	if e.ReviewBy, ok = Day(r.cells[colReviewBy]); !ok {
		if rs.byRow {
			return rs.fail(r, knowledge.ErrCorrupt, "%s", badDay)
		}
		rs.warn(r, badDay)
	}
	if e.Verbatim, ok = truth(r.cells[colVerbatim]); !ok {
		return rs.fail(r, knowledge.ErrCorrupt, "verbatim must be yes or no")
	}
	if e.Verbatim && len(e.Answer) > MaxVerbatim {
		return rs.fail(r, knowledge.ErrTooLarge, "an answer sent word for word may have %d bytes", MaxVerbatim)
	}
	var err error
	if e.Alternatives, err = rs.wordings(r, e.Question); err != nil {
		return err
	}
	if rs.byRow {
		rs.judged = append(rs.judged, knowledge.EntryRow{Entry: e})
		return nil
	}
	rs.text.Entries = append(rs.text.Entries, e)
	return nil
}

// wordings are the alternatives of an entry, each once and none its question.
func (rs *rows) wordings(r row, question string) ([]string, error) {
	all := r.alternatives
	if s := r.cells[colAlternatives]; s != "" {
		all = append(all, strings.FieldsFunc(s, func(c rune) bool { return c == '|' || c == '\n' })...)
	}
	seen := map[string]bool{strings.ToLower(question): true}
	var out []string
	for _, a := range all {
		a = squeeze(strings.TrimLeft(strings.TrimSpace(a), "-*• "))
		key := strings.ToLower(a)
		if a == "" || seen[key] {
			continue
		}
		seen[key] = true
		if len(a) > MaxQuestion {
			return nil, rs.fail(r, knowledge.ErrTooLarge, "an alternative question has more than %d bytes", MaxQuestion)
		}
		if out = append(out, a); len(out) > MaxAlternatives {
			return nil, rs.fail(r, knowledge.ErrTooLarge, "there are more than %d alternative questions", MaxAlternatives)
		}
	}
	return out, nil
}

func (rs *rows) section(r row) error {
	title, text := squeeze(r.cells[colTitle]), r.cells[colText]
	if rs.byRow {
		if text != "" {
			rs.texts++
		}
		return rs.fail(r, knowledge.ErrCorrupt, "there is neither a question nor an answer")
	}
	if text == "" {
		return rs.fail(r, knowledge.ErrCorrupt, "neither question and answer nor a text is here")
	}
	if len(title) > MaxQuestion {
		return rs.fail(r, knowledge.ErrTooLarge, "the title has more than %d bytes", MaxQuestion)
	}
	if len(r.cells[colURL]) > MaxURL {
		return rs.fail(r, knowledge.ErrTooLarge, "the address has more than %d bytes", MaxURL)
	}
	s := knowledge.Section{Body: text, Lang: tag(r.cells[colLang]), URL: r.cells[colURL]}
	if title != "" {
		s.Heading = []string{title}
	}
	rs.text.Sections = append(rs.text.Sections, s)
	return nil
}

// errJudged stands for what fail has kept.
var errJudged = errors.New("extract: the row is judged")

// fail is the error that a row ends the reading with, or errJudged.
func (rs *rows) fail(r row, kind error, format string, args ...any) error {
	why := fmt.Sprintf(format, args...)
	if !rs.byRow {
		return fmt.Errorf("%w: %s %d: %s; nothing of this file was imported", kind, rs.unit, r.number, why)
	}
	if len(rs.judged) >= knowledge.MaxImportRows {
		return rs.tooMany()
	}
	question := clip(squeeze(clip(r.cells[colQuestion], MaxQuestion)), maxShown)
	rs.judged = append(rs.judged, knowledge.EntryRow{Entry: knowledge.Entry{Question: question, Row: r.number}, Invalid: why})
	return errJudged
}

// pass is nil for a row that was kept as it is.
func (rs *rows) pass(err error) error {
	if errors.Is(err, errJudged) {
		return nil
	}
	return err
}

func (rs *rows) tooMany() error {
	if rs.byRow {
		return fmt.Errorf("%w: there are more than %d rows; make several files of them", knowledge.ErrTooLarge, knowledge.MaxImportRows)
	}
	return fmt.Errorf("%w: more than %d rows", knowledge.ErrTooLarge, MaxRows)
}

// tag tidies a language as people write it: "EN_us" is "en-us".
func tag(s string) string {
	s = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	for _, r := range s {
		if r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return ""
		}
	}
	return clip(s, 35) // BCP 47, 4.4.1: tags of up to 35 characters must be kept whole
}

// truth reads yes and no in the words spreadsheets hold.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "", "0", "false", "no", "n", "f", "falsch", "nein", "falso", "non", "faux", "нет", "否", "off":
		return false, true
	case "1", "true", "yes", "y", "t", "wahr", "ja", "sí", "si", "verdadero", "oui", "vrai", "да", "是", "on", "x":
		return true, true
	}
	return false, false
}
