package logs

import (
	"bytes"
	"slices"
	"strings"
)

// Names of files, and of what programs have in their source, look like domain names. A text has far
// more of them. So a word without a scheme, a path and brackets around its dots is one of them if
// its last label is
//
//   - an ending of files that is no top-level domain, or py, under which there are hardly any
//     names: report.pdf, main.py;
//   - one that is both, behind a word that files are called: README.md, run.sh, main.rs,
//     libcrypt.so, install_2.pl. Behind other words it is a name: notion.so, allegro.pl;
//   - written as classes and methods are: java.lang.String, document.getElementById.

// fileEndings are those that no top-level domain is named like, and py.
var fileEndings = []string{
	"aspx", "bak", "bat", "bin", "cfg", "chm", "class", "conf", "cpp", "css", "csv", "dat", "dll", "dmg", "doc", "docm", "docx", "dot", "eml", "exe", "gif", "hta",
	"htm", "html", "ini", "iso", "jar", "java", "jpeg", "jpg", "js", "json", "jsp", "lnk", "log", "lua", "msi", "ocx", "pdf", "php", "plist", "png", "ppt", "pptx", "py",
	"rar", "reg", "rtf", "scr", "sys", "tar", "tgz", "tmp", "ttf", "txt", "vba", "vbe", "vbs", "wsf", "xls", "xlsm", "xlsx", "xml", "yaml", "yar", "yml",
}

// sharedEndings are those of files that are top-level domains too.
var sharedEndings = []string{"cc", "md", "pl", "pm", "ps", "rs", "sh", "so"}

// fileWords are what files with such endings are often called.
var fileWords = []string{
	"agent", "backup", "bootstrap", "bot", "build", "changelog", "clean", "client", "config", "configure", "contributing", "deploy", "dropper", "entrypoint", "exploit",
	"index", "init", "install", "installer", "license", "loader", "main", "makefile", "malware", "miner", "mod", "payload", "poc", "readme", "run", "script", "security",
	"server", "setup", "shell", "start", "stop", "test", "tests", "uninstall", "update", "util", "utils",
}

const longestFileWord = 12

// isFile reports whether a host that is not defanged is rather a file, or something in a program.
// Last is its last label.
func isFile(host, last []byte, labels int) bool {
	if isOneOf(fileEndings, last) || isMember(host, last) {
		return true
	}
	if labels != 2 || !isOneOf(sharedEndings, last) {
		return false
	}
	stem := host[:bytes.IndexByte(host, '.')]
	isLibrary := hasPrefix(stem, "lib") && string(last) == "so"
	return isLibrary || bytes.IndexByte(stem, '_') >= 0 || isOneOf(fileWords, stem)
}

// isMember reports whether a host is the name of a class or a method: its last label has a capital
// behind a small letter, or at its start if no other label begins so.
func isMember(host, last []byte) bool {
	isLower := func(c byte) bool { return c >= 'a' && c <= 'z' }
	isUpper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	for i := 1; i < len(last); i++ {
		if isUpper(last[i]) && isLower(last[i-1]) {
			return true
		}
	}
	if !isUpper(last[0]) || !isLower(last[1]) {
		return false
	}
	for i, c := range host[:len(host)-len(last)] {
		if isUpper(c) && (i == 0 || host[i-1] == '.') {
			return false
		}
	}
	return true
}

// isOneOf reports whether a label is one of some words, in capitals or not.
func isOneOf(words []string, label []byte) bool {
	return len(label) <= longestFileWord && slices.ContainsFunc(words, func(word string) bool {
		return len(word) == len(label) && strings.EqualFold(word, string(label))
	})
}
