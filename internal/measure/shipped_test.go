package measure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/dataset"
)

// The model card has the figures. This test only finds a broken model or scorer.
func TestTheShippedModelFindsGeneratedNamesThatItNeverSaw(t *testing.T) {
	data := os.Getenv("SNOWMAN_DATA")
	if data == "" {
		t.Skip("SNOWMAN_DATA does not name the folder of labelled data")
	}
	if testing.Short() {
		t.Skip("scores 80,000 names")
	}
	rows, _, _, err := dataset.ReadUnseen(t.Context(), []string{
		filepath.Join(data, "judge", "domain_privacybadger_cname_firstparty.tsv.gz"),
		filepath.Join(data, "judge", "dga_families_unseen.tsv.gz"),
	}, dataset.Seen{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := Evaluation{Model: snowman.Default(), Rows: rows}.Page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	overall := page.Result.Overall
	if auc := overall.AUC; auc == nil || *auc < 0.93 {
		t.Errorf("AUC is %v, want at least 0.93", auc)
	}
	if rate := overall.OperatingPoints[0].TruePositives.Rate(); rate < 0.5 {
		t.Errorf("TPR at FPR 1e-2 is %v, want at least 0.5", rate)
	}
}
