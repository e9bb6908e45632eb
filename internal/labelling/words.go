package labelling

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/snowman-ml/snowman/dataset"
)

// A meant is what a word says of a text.
type meant struct {
	says      bool // whether it says anything
	malicious bool
	kind      string // of what is malicious, where the word tells it
}

var (
	nothing   = meant{}
	benign    = meant{says: true}
	malicious = meant{says: true, malicious: true}
	dga       = meant{says: true, malicious: true, kind: dataset.DGA}
	phishing  = meant{says: true, malicious: true, kind: dataset.Phishing}
	malware   = meant{says: true, malicious: true, kind: dataset.Malware}
)

// words are what people write, in lower case, with a space for each run of what is no letter or
// digit. Of an alarm, benign is what should not have been one. "suspicious" is no word: a row needs
// a decision.
var words = map[string]meant{
	"": nothing, "unknown": nothing, "undecided": nothing, "undetermined": nothing, "unclear": nothing, "open": nothing,
	"pending": nothing, "new": nothing, "todo": nothing, "to do": nothing, "n a": nothing, "none": nothing, "null": nothing,
	"not set": nothing, "in progress": nothing, "indeterminate": nothing, "inconclusive": nothing,
	"unbekannt": nothing, "unklar": nothing, "offen": nothing,

	"benign": benign, "good": benign, "ok": benign, "okay": benign, "clean": benign, "safe": benign, "harmless": benign,
	"legit": benign, "legitimate": benign, "trusted": benign, "known good": benign, "not malicious": benign,
	"non malicious": benign, "no threat": benign, "not a threat": benign,
	"false positive": benign, "falsepositive": benign, "fp": benign, "false alarm": benign,
	"true negative": benign, "truenegative": benign, "tn": benign,
	"benign positive": benign, "benignpositive": benign, "benign true positive": benign, "btp": benign,
	"allow": benign, "allowed": benign, "allowlist": benign, "whitelist": benign, "whitelisted": benign, "white": benign,
	"ham": benign, "permit": benign, "not an issue": benign, "no issue": benign, "not phishing": benign,
	"fehlalarm": benign, "falsch positiv": benign, "gutartig": benign, "harmlos": benign,

	// Microsoft Sentinel's classifications of an incident, with their reasons.
	"false positive incorrect analytic logic": benign, "false positive incorrect alert logic": benign,
	"false positive inaccurate data": benign, "false positive incorrect data": benign,
	"benign positive suspicious but expected": benign,
	"true positive suspicious activity":       malicious,

	"malicious": malicious, "bad": malicious, "evil": malicious, "hostile": malicious, "known bad": malicious,
	"confirmed malicious": malicious, "threat": malicious, "not benign": malicious,
	"true positive": malicious, "truepositive": malicious, "tp": malicious,
	"false negative": malicious, "falsenegative": malicious, "fn": malicious,
	"block": malicious, "blocked": malicious, "blocklist": malicious, "blacklist": malicious, "blacklisted": malicious,
	"black": malicious, "deny": malicious, "denied": malicious, "scam": malicious, "fraud": malicious,
	"bösartig": malicious, "schädlich": malicious,

	"phishing": phishing, "phish": phishing, "credential phishing": phishing, "spearphishing": phishing,
	"spear phishing": phishing, "credential theft": phishing, "confirmed phishing": phishing,
	"phishing site": phishing, "phishing page": phishing, "phishing url": phishing, "phishing domain": phishing,

	"malware": malware, "c2": malware, "c c": malware, "cc": malware, "cnc": malware, "command and control": malware,
	"malware c2": malware, "confirmed malware": malware, "malware site": malware,
	"botnet": malware, "trojan": malware, "ransomware": malware, "stealer": malware, "dropper": malware, "loader": malware,

	"dga": dga, "generated": dga, "generated name": dga, "algorithmically generated": dga,
}

// yesOrNo are the words of columns whose names ask a question, by the answer.
var yesOrNo = map[string]bool{"1": true, "yes": true, "y": true, "true": true, "0": false, "no": false, "n": false, "false": false}

// questions are the columns that may be answered with a yes, which means malicious, or a no. A
// column such as "false positive" is none: of an alarm that nobody looked at it says no.
var questions = map[string]bool{
	"label": true, "malicious": true, "is malicious": true,
}

const longestWord = 60 // bytes; a longer one is a comment

// AddWord makes a word mean what another means that is known, such as benign or phishing.
func (o *Options) AddWord(word, meaning string) error {
	m, known := words[plainWord(meaning)]
	switch plain := plainWord(word); {
	case plain == "" || len(word) > longestWord:
		return fmt.Errorf("%.80q is no word of at most %d bytes", word, longestWord)
	case !known || plainWord(meaning) == "":
		return fmt.Errorf("the meaning %.80q of the word %.80q is not known; want benign, malicious, phishing, malware, dga or unknown", meaning, word)
	case o.own == nil:
		o.own = map[string]meant{plain: m}
	default:
		o.own[plain] = m
	}
	return nil
}

// meaning returns what a word in a column of this name says, and whether it is known. A word that
// is asked says nothing.
func (o Options) meaning(word, column string) (meant, bool) {
	if len(word) > longestWord {
		return nothing, false
	}
	if isAsked := strings.Contains(word, "?"); isAsked {
		_, known := o.meaning(strings.ReplaceAll(word, "?", " "), column)
		return nothing, known
	}
	word = plainWord(word)
	if m, known := o.own[word]; known {
		return m, true
	}
	if m, known := words[word]; known {
		return m, true
	}
	yes, isAnswer := yesOrNo[word]
	switch {
	case !isAnswer || !questions[plainWord(column)]:
		return nothing, false
	case yes:
		return malicious, true
	}
	return benign, true
}

// plainWord returns a word as it stands in the tables.
func plainWord(word string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(word), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80 || r == '\ufeff' || unicode.IsSpace(r) || unicode.IsPunct(r)
	}), " ")
}
