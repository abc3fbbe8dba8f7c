package extract

import (
	"errors"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"frontdesk/knowledge"
)

// samples is text as a shop writes it, by the encodings it is often saved in.
var samples = []struct {
	name string
	enc  encoding.Encoding
	text string
}{
	{"windows-1252", charmap.Windows1252, "Après réception, l’échange est gratuit. Où est mon colis ? Größe wählen: 5 € für Versand."},
	{"windows-1252 with one letter", charmap.Windows1252, "A café is on the ground floor of the shop, open from nine to five."},
	{"windows-1251", charmap.Windows1251, "Как вернуть товар? Вы можете вернуть его в течение 30 дней после получения."},
	{"KOI8-R", charmap.KOI8R, "Как вернуть товар? Вы можете вернуть его в течение 30 дней после получения."},
	{"GBK", simplifiedchinese.GBK, "如何退货？您可以在收到商品后三十天内申请退货，我们会在五个工作日内退款。"},
	{"Big5", traditionalchinese.Big5, "如何退貨？您可以在收到商品後三十天內申請退貨，我們會在五個工作天內退款。"},
	{"Shift_JIS", japanese.ShiftJIS, "返品するにはどうすればいいですか。商品到着後三十日以内であればマイページから返品できます。"},
	{"EUC-JP", japanese.EUCJP, "返品するにはどうすればいいですか。商品到着後三十日以内であればマイページから返品できます。"},
	{"ISO-2022-JP", japanese.ISO2022JP, "返品するにはどうすればいいですか。"},
	{"EUC-KR", korean.EUCKR, "반품은 어떻게 하나요? 상품을 받은 후 삼십일 이내에 신청하실 수 있습니다."},
	{"UTF-16LE", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "Return 返品 возврат"},
	{"UTF-16BE", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "Return 返品 возврат"},
	{"UTF-8 with a mark", unicode.UTF8BOM, "Return 返品 возврат"},
}

func TestLegacyEncodingsAreRecognised(t *testing.T) {
	for _, s := range samples {
		data, err := s.enc.NewEncoder().String(s.text)
		if err != nil {
			t.Fatalf("%s: encode the sample: %v", s.name, err)
		}
		text, err := Extract(t.Context(), "a.txt", "text/plain", []byte(data))
		if err != nil {
			t.Errorf("%s: Extract = %v, want its text", s.name, err)
		} else if got := text.Sections[0].Body; got != s.text {
			t.Errorf("%s: Extract = %q, want %q", s.name, got, s.text)
		}
	}
}

func TestADeclaredEncodingIsBelieved(t *testing.T) {
	greek, err := charmap.ISO8859_7.NewEncoder().String("<html><meta charset='iso-8859-7'><p>Πώς επιστρέφω το προϊόν;")
	if err != nil {
		t.Fatal(err)
	}
	if got := mustExtract(t, "a.html", greek).Sections[0].Body; got != "Πώς επιστρέφω το προϊόν;" {
		t.Errorf("a page that declares ISO-8859-7 = %q", got)
	}
	text, err := Extract(t.Context(), "a.txt", "text/plain; charset=windows-1253", []byte("\xd0\xfe\xf2;"))
	if err != nil || text.Sections[0].Body != "Πώς;" {
		t.Errorf("a media type that declares windows-1253 = %+v, %v", text, err)
	}
	// A page whose declaration is wrong is still read as the UTF-8 it is.
	if got := mustExtract(t, "a.html", "<html><meta charset=latin1><p>Größe").Sections[0].Body; got != "Größe" {
		t.Errorf("UTF-8 declared as latin1 = %q, want Größe", got)
	}
}

func TestAFileCutInsideACharacterIsRead(t *testing.T) {
	if got := mustExtract(t, "a.txt", "Größe und Länge, Höhe und Breite, Straße, Fuß, für über größer höher länger kürzer wärmer kälter öfter "+"gr\xc3").Sections[0].Body; got[:7] != "Größe" {
		t.Errorf("text = %q, want UTF-8 with one replacement", got)
	}
}

func TestBytesOfNoEncodingAreRefused(t *testing.T) {
	data := []byte("\xff\xfe" + "\xd8\xdc\x00\xd8\x00\xd8\x00\xd8\x00\xd8\x00\xd8\x00\xd8\x00\xd8\x00\xd8")
	if text, err := Extract(t.Context(), "a.txt", "", data); !errors.Is(err, knowledge.ErrCorrupt) {
		t.Errorf("Extract(broken UTF-16) = %+v, %v; want ErrCorrupt", text, err)
	}
}
