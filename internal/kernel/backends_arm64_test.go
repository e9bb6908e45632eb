//go:build arm64 && !purego

package kernel

var backends = []string{goBackend, neonBackend, dotprodBackend}
