package report

import (
	"bytes"
	"strings"
	"testing"
)

func smallLineChart() LineChart {
	return LineChart{
		Name: "lines", Title: "Two ways", Description: "How two ways do.", X: "month", Y: "points",
		Panels: []Panel{
			{"names", []Line{
				{"left alone", []LinePoint{{X: 1, Y: 0}, {X: 2, Y: -1.5, Low: -3, High: .25}, {X: 3, Y: -4}}},
				{"cared <for>", []LinePoint{{X: 1, Y: 0}, {X: 3, Y: .5}}},
			}},
			{"URLs", []Line{{"left alone", []LinePoint{{X: 2, Y: 2}}}}},
		},
	}
}

func TestLineChart(t *testing.T) {
	chart := smallLineChart().Chart()
	checkGolden(t, "lines.svg", chart.SVG())
	dark := chart.DarkSVG()
	for light, other := range map[string]string{"#ffffff": "#14181b", "#1d2429": "#e3e7ea", "#0b6e8f": "#5cbfe0"} {
		if bytes.Contains(dark, []byte(light)) || !bytes.Contains(dark, []byte(other)) {
			t.Errorf("the dark chart has %s, or lacks %s", light, other)
		}
	}
	if bytes.Contains(dark, []byte("var(")) {
		t.Error("the dark chart has a variable")
	}
}

func TestLineChartOfNothingSaysSo(t *testing.T) {
	svg := string(LineChart{Name: "none", Title: "None"}.Chart().SVG())
	if !strings.Contains(svg, "There are no values.") {
		t.Errorf("the chart is\n%s", svg)
	}
}

func TestLineChartOfOneValueHasAnAxis(t *testing.T) {
	chart := LineChart{Panels: []Panel{{Lines: []Line{{Points: []LinePoint{{X: 1, Y: 3}}}}}}}.Chart()
	if svg := string(chart.SVG()); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Errorf("the chart is\n%s", svg)
	}
}

func TestTickStep(t *testing.T) {
	for length, want := range map[float64]float64{6: 1, 7: 2, 13: 5, 40: 10, .5: .1, 1: .2} {
		if got := tickStep(length); got < want*.999 || got > want*1.001 {
			t.Errorf("the step in %v is %v, want %v", length, got, want)
		}
	}
}

func TestDarkColoursAreThoseOfPages(t *testing.T) {
	_, dark, found := strings.Cut(pageStyle, "(prefers-color-scheme: dark)")
	if !found {
		t.Fatal("the page has no colours for the dark")
	}
	dark, _, _ = strings.Cut(dark, "}")
	for _, colour := range []string{"paper", "ink", "muted", "line", "shade", "accent"} {
		if want := "--" + colour + ": " + darkColours.Replace("var(--"+colour+")") + ";"; !strings.Contains(dark, want) {
			t.Errorf("the page's dark colours are %s, want %s", dark, want)
		}
	}
}
