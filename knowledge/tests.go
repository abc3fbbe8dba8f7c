package knowledge

// TestRow is one row of a file of test questions, or why it is none.
type TestRow struct {
	Row        int // 1-based row or line in the file
	Question   string
	Documents  []string // ids or names of documents that answer it
	Passages   []string // ids of passages or FAQ entries, or SHA-256 of a passage's text in hex
	Answer     string   // a text that the answer is to hold
	Answerable *bool    // nil where the row does not say
	History    []Said   // what was said before, oldest first
	Invalid    string   // in words for an admin; empty for a test
}

// MaxTestRows is how many rows a file of tests may have: the report of a dry run has a
// line for each.
const MaxTestRows = 20_000
