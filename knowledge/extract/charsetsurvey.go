package extract

// tally counts the shapes of high bytes that tell legacy encodings apart.
type tally struct {
	high, runs int // bytes above 0x7f; unbroken runs of them
	low, upper int // of them in C0–DF (KOI8-R: small letters) and in E0–FF (windows-1251: small letters)

	pairs, alone  int // two-byte characters of the EUC family; bytes left over
	rows          int // pairs in the rows of common characters (A1–A3, B0–D7)
	hangul        int // pairs in the rows of Korean syllables (A1–A3, B0–C8)
	eucKana       int // pairs in the rows of kana (A4, A5)
	sjis, sjisBad int // two-byte characters and broken ones, read as Shift_JIS
	sjisCommon    int
	kana          int
	big5, big5Bad int
	big5Common    int
	big5Low       int // trail bytes below 0x7f, which GB2312 never has
	gbk, gbkBad   int
	gbkCommon     int
}

func survey(data []byte) tally {
	var t tally
	prev := false
	for _, b := range data {
		if b < 0x80 {
			prev = false
			continue
		}
		t.high++
		if !prev {
			t.runs++
		}
		prev = true
		switch {
		case b >= 0xe0:
			t.upper++
		case b >= 0xc0:
			t.low++
		}
	}
	t.euc(data)
	t.shiftJIS(data)
	t.big5Shape(data)
	t.gbkShape(data)
	return t
}

func (t *tally) euc(data []byte) {
	for i := 0; i < len(data); i++ {
		if data[i] < 0x80 {
			continue
		}
		if i+1 >= len(data) || data[i] < 0xa1 || data[i+1] < 0xa1 {
			t.alone++
			continue
		}
		lead := data[i]
		i++
		t.pairs++
		switch {
		case lead <= 0xa3:
			t.rows++
			t.hangul++
		case lead == 0xa4 || lead == 0xa5:
			t.eucKana++
			t.rows++
		case lead >= 0xb0 && lead <= 0xd7:
			t.rows++
			if lead <= 0xc8 {
				t.hangul++
			}
		}
	}
}

func (t *tally) shiftJIS(data []byte) {
	for i := 0; i < len(data); i++ {
		lead := data[i]
		if lead < 0x80 || lead >= 0xa1 && lead <= 0xdf { // ASCII or a half-width kana
			continue
		}
		if lead == 0x80 || lead == 0xa0 || lead > 0xfc || i+1 >= len(data) ||
			data[i+1] < 0x40 || data[i+1] == 0x7f || data[i+1] > 0xfc {
			t.sjisBad++
			continue
		}
		i++
		t.sjis++
		if lead >= 0x81 && lead <= 0x83 || lead >= 0x88 && lead <= 0x97 {
			t.sjisCommon++
		}
		if lead == 0x82 && data[i] >= 0x9f || lead == 0x83 {
			t.kana++
		}
	}
}

func (t *tally) big5Shape(data []byte) {
	for i := 0; i < len(data); i++ {
		lead := data[i]
		if lead < 0x80 {
			continue
		}
		if lead < 0xa1 || lead > 0xf9 || i+1 >= len(data) ||
			data[i+1] < 0x40 || data[i+1] > 0x7e && data[i+1] < 0xa1 || data[i+1] == 0xff {
			t.big5Bad++
			continue
		}
		i++
		t.big5++
		if lead <= 0xa3 || lead >= 0xa4 && lead <= 0xc6 {
			t.big5Common++
		}
		if data[i] < 0x7f {
			t.big5Low++
		}
	}
}

func (t *tally) gbkShape(data []byte) {
	for i := 0; i < len(data); i++ {
		lead := data[i]
		if lead < 0x80 {
			continue
		}
		if lead == 0x80 || lead == 0xff || i+1 >= len(data) ||
			data[i+1] < 0x40 || data[i+1] == 0x7f || data[i+1] == 0xff {
			t.gbkBad++
			continue
		}
		i++
		t.gbk++
		if data[i] >= 0xa1 && (lead <= 0xa3 || lead >= 0xb0 && lead <= 0xd7) {
			t.gbkCommon++
		}
	}
}
