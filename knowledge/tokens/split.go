package tokens

// Before merging, a text is cut into pieces, and no token crosses a cut. The reference does it with
// a regular expression per encoding; the functions here are those expressions by hand. Alternatives
// are numbered as in the expressions, quoted above each function. Both work in one pass without
// backtracking over more than the piece they return, except that a word of o200k_base may be looked
// at twice.

// nextO200k returns where the piece that begins at s[i] ends. i < len(s).
//
//  1. [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//  2. [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//  3. \p{N}{1,3}
//  4. ?[^\s\p{L}\p{N}]+[\r\n/]*  (with an optional space before it)
//  5. \s*[\r\n]+|\s+(?!\S)|\s+
func nextO200k(s string, i int) int {
	t := bmp()
	c, n := at(t, s, i)
	switch {
	case c&letter != 0:
		return suffix(s, word(t, s, i))
	case c&number != 0:
		return digits(t, s, i)
	case c&newline == 0:
		// The character may stand before a word. A mark may as well be the word's own first one: then
		// 1 without a prefix comes before 2 with it.
		if end := lowerWord(t, s, i+n); end > 0 {
			return suffix(s, end)
		}
		if c&mark != 0 {
			if end := lowerWord(t, s, i); end > 0 {
				return suffix(s, end)
			}
		}
		if end := upperWord(t, s, i+n); end > 0 {
			return suffix(s, end)
		}
	}
	if end := symbols(t, s, i); end > 0 {
		for end < len(s) && (s[end] == '\r' || s[end] == '\n' || s[end] == '/') {
			end++
		}
		return end
	}
	return blank(t, s, i)
}

// nextCl100k is nextO200k for the older encoding.
//
//  1. (?i:'s|'t|'re|'ve|'m|'ll|'d)
//  2. [^\r\n\p{L}\p{N}]?\p{L}+
//  3. \p{N}{1,3}
//  4. ?[^\s\p{L}\p{N}]+[\r\n]*  (with an optional space before it)
//  5. \s*[\r\n]+|\s+(?!\S)|\s+
func nextCl100k(s string, i int) int {
	t := bmp()
	if end := suffix(s, i); end > i {
		return end
	}
	c, n := at(t, s, i)
	switch {
	case c&letter != 0:
		return letters(t, s, i)
	case c&number != 0:
		return digits(t, s, i)
	case c&newline == 0:
		if end := letters(t, s, i+n); end > i+n {
			return end
		}
	}
	if end := symbols(t, s, i); end > 0 {
		for end < len(s) && (s[end] == '\r' || s[end] == '\n') {
			end++
		}
		return end
	}
	return blank(t, s, i)
}

// word returns the end of the word at s[i], which is a letter.
func word(t *[1 << 16]class, s string, i int) int {
	if end := lowerWord(t, s, i); end > 0 {
		return end
	}
	return upperWord(t, s, i)
}

// lowerWord matches head* tail+ at s[i] and returns the end, or 0. Greedy head* may have eaten
// everything; then it gives back up to the last character that is also a tail.
func lowerWord(t *[1 << 16]class, s string, i int) int {
	end := 0
	for {
		c, n := at(t, s, i)
		if c&head == 0 {
			if c&tail == 0 {
				return end
			}
			break
		}
		i += n
		if c&tail != 0 {
			end = i
		}
	}
	return while(t, s, i, tail)
}

// upperWord matches head+ tail* at s[i] and returns the end, or 0.
func upperWord(t *[1 << 16]class, s string, i int) int {
	end := while(t, s, i, head)
	if end == i {
		return 0
	}
	return while(t, s, end, tail)
}

// suffix returns the end of an English contraction's ending at s[i], in any case, or i.
func suffix(s string, i int) int {
	if len(s)-i < 2 || s[i] != '\'' {
		return i
	}
	const fold = 'a' - 'A'
	second := byte(0)
	switch s[i+1] | fold {
	case 's', 't', 'm', 'd':
		return i + 2
	case 'r', 'v':
		second = 'e'
	case 'l':
		second = 'l'
	case 0xC5 | fold:
		// U+017F, the long s, is an "s" when case does not matter.
		if len(s)-i >= 3 && s[i+1:i+3] == "ſ" {
			return i + 3
		}
	}
	if second != 0 && len(s)-i >= 3 && s[i+2]|fold == second {
		return i + 3
	}
	return i
}

func letters(t *[1 << 16]class, s string, i int) int { return while(t, s, i, letter) }

// digits returns the end of up to three numbers at s[i].
func digits(t *[1 << 16]class, s string, i int) int {
	for range 3 {
		c, n := at(t, s, i)
		if c&number == 0 {
			break
		}
		i += n
	}
	return i
}

// symbols returns the end of an optional space and a run of symbols at s[i], or 0.
func symbols(t *[1 << 16]class, s string, i int) int {
	if s[i] == ' ' {
		i++
	}
	start := i
	for {
		c, n := at(t, s, i)
		if c&plain != 0 {
			break
		}
		i += n
	}
	if i == start {
		return 0
	}
	return i
}

// blank returns the end of the piece in the white space at s[i]: up to its last line break, else all
// of it at the end of the text, else all but the last character, which goes with what follows.
func blank(t *[1 << 16]class, s string, i int) int {
	start, last, broken := i, i, 0
	for {
		c, n := at(t, s, i)
		if c&space == 0 {
			break
		}
		last = i
		i += n
		if c&newline != 0 {
			broken = i
		}
	}
	switch {
	case broken > 0:
		return broken
	case i == len(s) || last == start:
		return i
	}
	return last
}

func while(t *[1 << 16]class, s string, i int, set class) int {
	for {
		c, n := at(t, s, i)
		if c&set == 0 {
			return i
		}
		i += n
	}
}
