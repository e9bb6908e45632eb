package judging

// A Pair is files whose malicious rows are held against the benign rows of others.
type Pair struct{ Malicious, Benign []string }

// Files of judge that stand in several pairs.
var (
	testLists    = []string{"url_citizenlab_test_lists"}
	links        = []string{"url_news_feeds_calibre", "url_jser_javascript_news", "url_personal_sites"}
	randomLabels = []string{"domain_privacybadger_cname_firstparty"}
	openPhish    = []string{"url_openphish_public_feed"}
	phishTank    = []string{"url_phishtank_2021_gilbertguo"}
)

// Pairs are all that the tables have.
var Pairs = []Pair{
	{openPhish, testLists},
	{phishTank, testLists},
	{openPhish, links},
	{phishTank, links},
	{[]string{"url_phishing_reports"}, links},
	{openPhish, []string{"url_brand_store_pages"}},
	{openPhish, []string{"url_free_hosting_jsorg"}},
	{[]string{"url_ioc_vendors_other"}, links},
	{[]string{"dga_families_unseen"}, randomLabels},
	{[]string{"dga_families_seen_other_source"}, randomLabels},
	{[]string{"domain_jarelllama_light"}, randomLabels},
	{[]string{"domain_scamsniffer"}, randomLabels},
	{[]string{"domain_cryptoscamdb"}, randomLabels},
	{[]string{"domain_chongluadao"}, randomLabels},
	{[]string{"domain_ioc_vendors_other"}, randomLabels},
}

// firstSources are the sources whose part report stands first in the table of levels: kinds of
// benign text that thresholds of popular names do not fit.
var firstSources = []string{
	"domain_hsts_preload_2025_01", "domain_china_list", "url_free_hosting", "url_ip_and_port_services",
	"url_open_data_apis", "url_account_help_pages",
}
