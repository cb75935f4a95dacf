package quality

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mojibake are the traces of UTF-8 read as Windows-1252: a lead byte shown as a letter, followed by what a continuation byte became.
var mojibake = []string{ //nolint:gochecknoglobals // a read-only table
	"Ã¤", "Ã¶", "Ã¼", "ÃŸ", "Ã„", "Ã–", "Ãœ", "Ã©", "Ã¨", "Ãª", "Ã«", "Ã¡", "Ã\u00a0", "Ã¢", "Ã£", "Ã¥", "Ã¦", "Ã§", "Ã±", "Ã³", "Ã²", "Ã´",
	"Ãµ", "Ã¸", "Ãº", "Ã¹", "Ã»", "Ã\u00ad", "Ã¬", "Ã®", "Ã¯", "Ã‰", "Ã‡", "Ã‘", "Ã“", "Ãš", "â€™", "â€œ", "â€\u009d", "â€“", "â€”", "â€¦", "â€˜", "â€¢",
	"â‚¬", "Â£", "Â§", "Â°", "Â©", "Â®", "Â»", "Â«", "Â\u00a0", "ï¿½", "Å‚", "Å¡", "Å¾", "Ä‡", "Ä‚",
}

// damaged says whether a text shows that its characters were lost: the replacement character, mojibake, or control characters.
func damaged(s string) bool {
	plain := true
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F {
			plain = false
			break
		}
	}
	if plain {
		return false
	}
	for _, r := range s {
		if r == utf8.RuneError || (unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r') {
			return true
		}
	}
	for _, m := range mojibake {
		if strings.Contains(s, m) {
			return true
		}
	}
	return false
}

// fold brings spellings that differ only by case or blanks to one.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
