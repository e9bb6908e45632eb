package uuid

import "testing"

// The example of RFC 9562, appendix A.4, in the namespace of DNS.
func TestOf(t *testing.T) {
	dns := URLs
	dns[3] = 0x10
	if got, want := Of(dns, "www.example.com").String(), "2ed6657d-e927-568b-95e1-2665a8aea6a2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
