package sources

import (
	"time"

	"github.com/snowman-ml/snowman/dataset"
)

// Addresses that many feeds begin with.
const (
	gitHub   = "https://raw.githubusercontent.com/"
	archives = "https://codeload.github.com/"
	warnings = gitHub + "MISP/misp-warninglists/main/lists/"
)

// What several feeds say.
const (
	abuseTerms   = "abuse.ch terms of use of 2025-11-04: not for profit; else a subscription"
	abuseOff     = "its terms ask for an account, and a subscription for commercial use"
	addressOfZIP = "the address: that it serves the whole repository is how GitHub works, not seen for this one"
	hour         = time.Hour
	day          = 24 * time.Hour
)

// Feeds are the public feeds that are known, in the order in which they are listed. What Unchecked
// does not name was held against public copies of the files, programs that read them, and
// publishers' documentation, in November 2026.
var Feeds = []Feed{
	// Malware.
	{
		Name: "urlhaus", Is: "URLs that serve malware, reported to abuse.ch in the last 30 days",
		Address: "https://urlhaus-api.abuse.ch/files/exports/recent.csv?auth-key={key}",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: commentHeader, text: "url", date: "dateadded", family: "tags"}.reader},
		Kind: dataset.Malware, Licence: abuseTerms, Commercial: Denied, Every: hour, Key: true, Off: abuseOff,
		Watch:  "half are addresses with a port; of github.com and the like only the path is bad",
		Source: dataset.Source{Weight: 1},
	},
	{
		Name: "urlhaus-online", Is: "URLs that serve malware now, of abuse.ch, one a line",
		Address: "https://urlhaus.abuse.ch/downloads/text_online/",
		Hosts:   []string{"urlhaus-api.abuse.ch"},
		Format:  Format{Name: "list", Ending: "txt", read: list},
		Kind:    dataset.Malware, Licence: abuseTerms, Commercial: Denied, Every: hour, Off: abuseOff,
		Watch:     "as urlhaus, without dates; a URL leaves the list when it is taken down",
		Unchecked: "for how long the address answers without a key",
		Source:    dataset.Source{Weight: 1},
	},
	{
		Name: "threatfox", Is: "domains and URLs of malware's controllers, shared with abuse.ch",
		Address: "https://threatfox-api.abuse.ch/files/exports/full.csv.zip?auth-key={key}",
		Format: Format{Name: "CSV", Ending: "csv.zip", read: table{
			header: commentHeader, text: "ioc_value", date: "first_seen_utc", family: "malware_printable",
			only: "ioc_type", values: []string{"domain", "url"}}.reader},
		Kind: dataset.Malware, Licence: abuseTerms, Commercial: Denied, Every: 6 * hour, Key: true, Off: abuseOff,
		Watch: "hacked sites among the controllers; addresses with ports are left out",
	},
	{
		Name: "maltrail", Is: "domains of malware, from the static trails of Maltrail",
		Address: gitHub + "stamparm/aux/master/maltrail-malware-domains.txt",
		Format:  Format{Name: "list", Ending: "txt", read: list},
		Kind:    dataset.Malware, Backlog: true, Licence: "MIT (Maltrail)", Commercial: Allowed, Every: day,
		Watch:  "names of years without a date; a third is three clusters; hacked sites and quite ordinary names",
		Source: dataset.Source{Weight: 0.6, Rows: 60000},
	},
	{
		Name: "blackbook", Is: "domains used for malware alone, checked by heuristics",
		Address: gitHub + "stamparm/blackbook/master/blackbook.csv",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: firstLine, text: "domain", date: "date added", family: "malware"}.reader},
		Kind: dataset.Malware, Licence: "public domain", Commercial: Allowed, Every: day,
		Watch: "2018 and later; 43 % are of one family, emotet", Source: dataset.Source{Weight: 0.35},
	},
	{
		Name: "viriback", Is: "URLs of the panels of malware's controllers",
		Address: "https://tracker.viriback.com/dump.php",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: firstLine, text: "url", date: "firstseen", family: "family"}.reader},
		Kind: dataset.Malware, Licence: "not stated", Commercial: Unstated, Every: day,
		Watch: "many hacked sites and addresses; dates are day-month-year", Source: dataset.Source{Weight: 0.5},
	},
	{
		Name: "stalkerware", Is: "domains of programs that spy on partners, of the association Echap",
		Address: gitHub + "AssoEchap/stalkerware-indicators/master/generated/hosts",
		Format:  Format{Name: "hosts file", Ending: "txt", read: list},
		Kind:    dataset.Malware, Backlog: true, Licence: "CC BY 4.0", Commercial: Allowed, Every: day,
		Watch: "few, and named as products are", Unchecked: "the licence", Source: dataset.Source{Weight: 0.35},
	},

	// Phishing.
	{
		Name: "openphish", Is: "phishing URLs of the last hours, the community feed of OpenPhish",
		Address: gitHub + "openphish/public_feed/refs/heads/main/feed.txt",
		Format:  Format{Name: "list", Ending: "txt", read: list},
		Kind:    dataset.Phishing, Licence: "OpenPhish terms: personal use, no passing on", Commercial: Denied, Every: 12 * hour,
		Off:   "its terms allow personal use alone without written consent",
		Watch: "a third is on free hosting; a window of hours, so that only regular fetching makes a set",
	},
	{
		Name: "phishtank", Is: "phishing URLs that users reported and others verified",
		Address: "https://data.phishtank.com/data/{key}/online-valid.csv.gz",
		Hosts:   []string{"cdn.phishtank.com"},
		Format: Format{Name: "CSV", Ending: "csv.gz", read: table{
			header: firstLine, text: "url", date: "submission_time", family: "target",
			only: "verified", values: []string{"yes"}}.reader},
		Kind: dataset.Phishing, Licence: "PhishTank terms", Commercial: Allowed, Every: 2 * hour, Key: true,
		Off:       "without a key a few downloads a day; registration was closed in 2026",
		Watch:     "hacked sites among them; URLs stay listed for as long as they answer",
		Unchecked: "the host that it redirects to",
		Source:    dataset.Source{Weight: 0.7},
	},
	{
		Name: "phishdb-domains", Is: "domains of phishing that answer, of Phishing.Database",
		Address: gitHub + "Phishing-Database/Phishing.Database/master/phishing-domains-ACTIVE.txt",
		Format:  Format{Name: "list", Ending: "txt", read: list},
		Kind:    dataset.Phishing, Backlog: true, Licence: "MIT", Commercial: Allowed, Every: 6 * hour,
		Watch:  "collected from other feeds: not independent of them; undated, some years old",
		Source: dataset.Source{Weight: 0.5, Rows: 200000},
	},
	{
		Name: "phishdb-links", Is: "URLs of phishing that answer, of Phishing.Database",
		Address: gitHub + "Phishing-Database/Phishing.Database/master/phishing-links-ACTIVE.txt",
		Format:  Format{Name: "list", Ending: "txt", read: list},
		Kind:    dataset.Phishing, Backlog: true, Licence: "MIT", Commercial: Allowed, Every: 6 * hour,
		Watch:     "the best phishing with paths; undated, some years old",
		Unchecked: "whether the file is still in one piece: the repository also has it in parts",
		Source:    dataset.Source{Rows: 200000},
	},
	{
		Name: "certpl", Is: "the warning list of CERT Polska: domains that trick users in Poland",
		Address: "https://hole.cert.pl/domains/v2/domains.csv",
		Format: Format{Name: "TSV", Ending: "csv", read: table{
			header: firstLine, comma: '\t', text: "adresdomeny", date: "datawpisu",
			only: "datawykreslenia", values: []string{""}}.reader},
		Kind: dataset.Phishing, Licence: "free for everyone to use (CERT Polska)", Commercial: Allowed, Every: hour,
		Watch:  "false shops and investments, many with ordinary names; what was taken off the list is left out",
		Source: dataset.Source{Weight: 0.5, Rows: 80000},
	},
	{
		Name: "tweetfeed", Is: "URLs and domains that researchers posted in the last 30 days",
		Address: gitHub + "0xDanielLopez/TweetFeed/master/month.csv",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: "date,user,type,value,tags,tweet", text: "value", date: "date", family: "tags",
			only: "type", values: []string{"url", "domain"}, kind: kindOfTags}.reader},
		Licence: "CC0", Commercial: Allowed, Every: hour,
		Watch: "posted by anybody; links to reports and hacked sites among them",
	},
	{
		Name: "jpcert", Is: "phishing URLs confirmed by JPCERT/CC, since 2019",
		Address: archives + "JPCERTCC/phishurl-list/zip/HEAD",
		Format: Format{Name: "CSV files in a zip", Ending: "zip", members: []string{"20??/20????.csv"}, read: table{
			header: firstLine, text: "url", date: "date", family: "description"}.reader},
		Kind: dataset.Phishing, Licence: "not stated (open data of JPCERT/CC)", Commercial: Unstated, Every: day,
		Watch:     "brands of Japan; half have no path; published some months late",
		Unchecked: addressOfZIP, Source: dataset.Source{Weight: 0.7},
	},
	{
		Name: "polkadot", Is: "hosts of phishing for crypto wallets, kept by polkadot{.js}",
		Address: "https://polkadot.js.org/phishing/all.json",
		Format:  Format{Name: "JSON", Ending: "json", readAll: members("deny")},
		Kind:    dataset.Phishing, Backlog: true, Licence: "Apache-2.0", Commercial: Allowed, Every: hour,
		Watch: "one trade, and very alike",
	},

	// Generated names.
	{
		Name: "dga-baderj", Is: "names that malware generated, with the families' names, collected by Johannes Bader",
		Address: archives + "baderj/domain_generation_algorithms/zip/HEAD",
		Format: Format{Name: "lists in a zip", Ending: "zip", members: []string{
			"*/example_domains*.txt", "*/*/example_domains*.txt", "*/domains_*.txt"}, read: listOfFolder},
		Kind: dataset.DGA, Current: true, Backlog: true, Licence: "GPL-2.0 (the code; names are its output)", Commercial: Allowed, Every: 7 * day,
		Watch: "near-duplicates where a family had one seed", Unchecked: addressOfZIP,
		Source: dataset.Source{Weight: 1.3, FamilyRows: 10000},
	},
	{
		Name: "dga-andrewaeva", Is: "names of generating malware of 2014, collected by andrewaeva",
		Address: archives + "andrewaeva/DGA/zip/HEAD",
		Format: Format{Name: "lists in a zip", Ending: "zip", members: []string{
			"dga_wordlists/cryptolocker.txt", "dga_wordlists/*goz.txt", "dga_wordlists/matsnu.txt", "dga_wordlists/ramdo.txt",
			"dga_wordlists/zeus.txt", "conficker.txt", "tinba.txt", "rovnix.txt", "pushdo.txt"}, read: listOfFile},
		Kind: dataset.DGA, Current: true, Backlog: true, Licence: "not stated (output of algorithms)", Commercial: Unstated, Every: 7 * day,
		Watch: "not changed for years: one fetch is enough", Unchecked: addressOfZIP + "; the lines of the lists",
		Source: dataset.Source{Weight: 1.3, FamilyRows: 10000},
	},
	{
		Name: "dga-bambenek", Is: "names that malware generates these days, of Bambenek Consulting",
		Address: "https://faf.bambenekconsulting.com/feeds/dga/dga-feed.csv", Header: "Authorization: Basic {key}",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: "domain,description,date,reference", text: "domain", date: "date"}.reader},
		Kind: dataset.DGA, Licence: "an agreement with Bambenek Consulting", Commercial: Unstated, Every: day, Key: true,
		Off:       "an account is needed; the key is user:password in base64",
		Watch:     "hundreds of thousands a day of few families, which are not told apart here",
		Unchecked: "address, columns and terms, which only holders of an account see",
		Source:    dataset.Source{Weight: 1.3, Rows: 100000},
	},

	// Popular names.
	{
		Name: "tranco", Is: "popular domains, an average of several lists over 30 days",
		Address: "https://tranco-list.eu/top-1m.csv.zip",
		Format:  Format{Name: "CSV", Ending: "csv.zip", read: ranked},
		Kind:    dataset.Benign, Current: true, First: 100000, Every: day,
		Licence: "made of other lists, among them Cloudflare Radar (CC BY-NC 4.0)", Commercial: Unstated,
		Watch: "about 1 % is bad: sinkholed generated names, malvertising", Popular: true,
		Source: dataset.Source{Weight: 1.2, Group: "popular", Collection: "popularity"},
	},
	{
		Name: "umbrella", Is: "host names that clients of Cisco Umbrella ask for most",
		Address: "https://s3-us-west-1.amazonaws.com/umbrella-static/top-1m.csv.zip",
		Format:  Format{Name: "CSV", Ending: "csv.zip", read: ranked},
		Kind:    dataset.Benign, Current: true, First: 100000, Every: day,
		Licence: "not stated; free of charge", Commercial: Unstated,
		Watch: "names of machines with random labels, and names that do not exist; 1 % is bad", Popular: true,
		Source: dataset.Source{Weight: 1.2, Group: "popular", Collection: "popularity"},
	},
	{
		Name: "majestic", Is: "domains that most networks link to, of Majestic",
		Address: "https://downloads.majestic.com/majestic_million.csv",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: firstLine, text: "domain"}.reader},
		Kind: dataset.Benign, Current: true, First: 100000, Every: day, Licence: "CC BY 3.0", Commercial: Allowed,
		Watch: "80 MB; ranked by links, which are old and can be bought", Popular: true,
		Source: dataset.Source{Weight: 1.2, Group: "popular", Collection: "popularity"},
	},
	{
		Name: "crux", Is: "sites that users of Chrome load most, of Google's CrUX",
		Address: gitHub + "zakird/crux-top-lists/main/data/global/current.csv.gz",
		Format: Format{Name: "CSV", Ending: "csv.gz", read: table{
			header: firstLine, text: "origin"}.reader},
		Kind: dataset.Benign, Current: true, First: 100000, Every: 7 * day, Licence: "CC BY 4.0 (Google)", Commercial: Allowed,
		Watch: "once a month; within a step of the rank the order is random", Popular: true,
		Unchecked: "the licence, of which the repository says nothing",
		Source:    dataset.Source{Weight: 1.2, Group: "popular", Collection: "popularity"},
	},
	{
		Name: "radar", Is: "popular domains of Cloudflare's resolver",
		Address: "https://api.cloudflare.com/client/v4/radar/datasets/ranking_top_100000", Header: "Authorization: Bearer {key}",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: firstLine, text: "domain"}.reader},
		Kind: dataset.Benign, Current: true, Every: 7 * day, Licence: "CC BY-NC 4.0", Commercial: Denied, Key: true,
		Off: "a token of Cloudflare is needed", Watch: "no order", Popular: true,
		Source: dataset.Source{Weight: 1.2, Group: "popular", Collection: "popularity"},
	},

	// Other benign names and links.
	{
		Name: "hsts", Is: "domains that browsers ask by HTTPS alone, because their owners wanted it",
		Address: gitHub + "chromium/chromium/main/net/http/transport_security_state_static.json",
		Format:  Format{Name: "JSON with comments", Ending: "json", readAll: members("entries.name")},
		Kind:    dataset.Benign, Current: true, Licence: "BSD-3-Clause (Chromium)", Commercial: Allowed, Every: 7 * day,
		Watch:  "nobody looks at the sites: it is the long tail, not a list of good ones",
		Source: dataset.Source{Weight: 1.2, Rows: 150000, Group: "small sites", Trusted: true},
	},
	{
		Name: "dotgov", Is: "all domains below .gov, of CISA",
		Address: gitHub + "cisagov/dotgov-data/main/current-full.csv",
		Format: Format{Name: "CSV", Ending: "csv", read: table{
			header: firstLine, text: "domain name", family: "domain type"}.reader},
		Kind: dataset.Benign, Current: true, Licence: "public domain (US government)", Commercial: Allowed, Every: day,
		Watch: "one suffix", Unchecked: "the licence", Source: dataset.Source{Group: "institutions", Curated: true},
	},
	{
		Name: "universities", Is: "domains of the world's universities, collected by Hipo",
		Address: gitHub + "Hipo/university-domains-list/master/world_universities_and_domains.json",
		Format:  Format{Name: "JSON", Ending: "json", readAll: members("domains")},
		Kind:    dataset.Benign, Current: true, Licence: "MIT", Commercial: Allowed, Every: day,
		Watch: "some have lapsed", Source: dataset.Source{Group: "institutions", Curated: true},
	},
	{
		Name: "misp-banks", Is: "domains of banks, a warning list of MISP",
		Address: warnings + "bank-website/list.json",
		Format:  Format{Name: "JSON", Ending: "json", readAll: members("list")},
		Kind:    dataset.Benign, Current: true, Licence: "CC0", Commercial: Allowed, Every: day,
		Watch: "some are old", Source: dataset.Source{Weight: 1.2, Group: "institutions", Curated: true, Collection: "misp"},
	},
	{
		Name: "misp-office365", Is: "hosts of Microsoft 365, a warning list of MISP",
		Address: warnings + "microsoft-office365/list.json",
		Format:  Format{Name: "JSON", Ending: "json", readAll: members("list")},
		Kind:    dataset.Benign, Current: true, Licence: "CC0", Commercial: Allowed, Every: day,
		Watch: "few; what customers put below the hosts is theirs", Source: dataset.Source{Weight: 1.2, Group: "services", Curated: true, Collection: "misp"},
	},
	{
		Name: "misp-crl", Is: "hosts of certificate authorities' revocation lists, a warning list of MISP",
		Address: warnings + "crl-hostname/list.json",
		Format:  Format{Name: "JSON", Ending: "json", readAll: members("list")},
		Kind:    dataset.Benign, Current: true, Licence: "CC0", Commercial: Allowed, Every: day,
		Watch: "the first names that a machine asks for", Source: dataset.Source{Weight: 1.2, Group: "servers", Curated: true, Collection: "misp"},
	},
	{
		Name: "misp-public-dns", Is: "host names of open resolvers, a warning list of MISP",
		Address: warnings + "public-dns-hostname/list.json",
		Format:  Format{Name: "JSON", Ending: "json", readAll: members("list")},
		Kind:    dataset.Benign, Current: true, Licence: "CC0", Commercial: Allowed, Every: day,
		Watch:  "reverse names of any provider's machines: good to learn what is no generated name, not vetted",
		Source: dataset.Source{Weight: 1.2, Group: "servers", Collection: "misp"},
	},
	{
		Name: "china", Is: "domains that are served from China, of dnsmasq-china-list",
		Address: gitHub + "felixonmars/dnsmasq-china-list/master/accelerated-domains.china.conf",
		Format:  Format{Name: "dnsmasq", Ending: "txt", read: list},
		Kind:    dataset.Benign, Current: true, Licence: "WTFPL", Commercial: Allowed, Every: day,
		Watch: "digits and short random names are normal there; not vetted", Source: dataset.Source{Weight: 1.2, Group: "sites in China", Trusted: true},
	},
	{
		Name: "smallweb", Is: "feeds of personal sites, chosen by people for Kagi",
		Address: gitHub + "kagisearch/smallweb/main/smallweb.txt",
		Format:  Format{Name: "list", Ending: "txt", read: list},
		Kind:    dataset.Benign, Current: true, Licence: "MIT", Commercial: Allowed, Every: day,
		Watch:  "each path is that of a feed: the hosts are what is good",
		Source: dataset.Source{Rows: 20000, Hosts: true, Curated: true, Group: "personal sites"},
	},
}
