package coredns

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/fall"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/allow"
	"github.com/snowman-ml/snowman/internal/reload"
)

func init() { plugin.Register(pluginName, setup) }

// setup adds the plugin to a server block. Its files are followed while the server runs.
func setup(c *caddy.Controller) error {
	settings, err := parse(c)
	if err != nil {
		return plugin.Error(pluginName, err)
	}
	s, err := settings.open()
	if err != nil {
		return plugin.Error(pluginName, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var following sync.WaitGroup
	c.OnStartup(func() error {
		inUse(s.judge.Load().model).Inc()
		if settings.hasFiles() {
			following.Go(func() { s.files.Follow(ctx, nil, true, tell) })
		}
		return nil
	})
	c.OnShutdown(func() error {
		stop()
		following.Wait()
		inUse(s.judge.Load().model).Dec()
		return nil
	})
	dnsserver.GetConfig(c).AddPlugin(func(next plugin.Handler) plugin.Handler {
		s.Next = next
		return s
	})
	return nil
}

// settings are what a Corefile says.
type settings struct {
	zones   []string
	blocks  [snowman.High + 1]response // by the level that a line of the Corefile names
	log     snowman.Level
	ttl     uint32
	through fall.F
	model   string   // file
	allow   []string // files
}

const (
	defaultTTL = 60
	maxTTL     = 24 * 60 * 60
)

// parse reads what the Corefile says of the plugin.
func parse(c *caddy.Controller) (settings, error) {
	s := settings{ttl: defaultTTL}
	root := dnsserver.GetConfig(c).Root
	for seen := false; c.Next(); seen = true {
		if seen {
			return s, plugin.ErrOnce
		}
		s.zones = plugin.OriginsFromArgsOrServerBlock(c.RemainingArgs(), c.ServerBlockKeys)
		for c.NextBlock() {
			name, args := c.Val(), c.RemainingArgs()
			if err := s.property(root, name, args); err != nil {
				return s, c.Err(err.Error())
			}
		}
	}
	return s, nil
}

// property reads one property. A file that is not absolute stands below root.
func (s *settings) property(root, name string, args []string) (err error) {
	known, ok := properties[name]
	switch {
	case !ok:
		return fmt.Errorf("unknown property %q", name)
	case len(args) < known.least || len(args) > known.most:
		return fmt.Errorf("property %q has %d arguments, want %s", name, len(args), known.syntax)
	}
	switch name {
	case "block":
		return s.block(args)
	case "log":
		s.log, err = parseLevel(args[0])
	case "ttl":
		s.ttl, err = parseTTL(args[0])
	case "fallthrough":
		s.through.SetZonesFromArgs(args)
	case "model":
		s.model = below(root, args[0])
	case "allow":
		for _, file := range args {
			s.allow = append(s.allow, below(root, file))
		}
	}
	return err
}

// properties are what may stand in the block of the plugin.
var properties = map[string]struct {
	least, most int // arguments
	syntax      string
}{
	"block":       {1, 2, "block LEVEL [nxdomain|refused|null]"},
	"log":         {1, 1, "log LEVEL"},
	"ttl":         {1, 1, "ttl SECONDS"},
	"fallthrough": {0, math.MaxInt, "fallthrough [ZONES...]"},
	"model":       {1, 1, "model FILE"},
	"allow":       {1, math.MaxInt, "allow FILE..."},
}

// block reads from which level on names are blocked, and how.
func (s *settings) block(args []string) error {
	from, err := parseLevel(args[0])
	if err != nil {
		return err
	}
	if s.blocks[from] != pass {
		return fmt.Errorf("there are two lines block %v", from)
	}
	s.blocks[from] = nxdomain
	if len(args) == 2 {
		s.blocks[from], err = parseResponse(args[1])
	}
	return err
}

// parseLevel returns the level with this name. Every name has the level none, so it is an error.
func parseLevel(name string) (snowman.Level, error) {
	level, err := snowman.ParseLevel(name)
	if err != nil || level == snowman.None {
		return snowman.None, fmt.Errorf("level %q, want low, medium or high", name)
	}
	return level, nil
}

func parseTTL(seconds string) (uint32, error) {
	ttl, err := strconv.ParseUint(seconds, 10, 32)
	if err != nil || ttl > maxTTL {
		return 0, fmt.Errorf("ttl %q, want a number of seconds, at most %d", seconds, maxTTL)
	}
	return uint32(ttl), nil
}

func below(root, file string) string {
	if root == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(root, file)
}

func (s *settings) hasFiles() bool { return s.model != "" || len(s.allow) > 0 }

// open returns the plugin with its files read. What Follow reads of them later goes to a new judge.
func (s *settings) open() (*Snowman, error) {
	opened := &Snowman{zones: s.zones, logFrom: s.log, ttl: s.ttl, through: s.through, files: reload.New(slog.New(slog.DiscardHandler))}
	for level := snowman.Low; level <= snowman.High; level++ {
		opened.blocks[level] = s.blocks[level]
		if s.blocks[level] == pass {
			opened.blocks[level] = opened.blocks[level-1]
		}
	}
	model, err := snowman.Default(), error(nil)
	if s.model != "" {
		model, err = reload.Open(opened.files, "model", []string{s.model}, s.openModel, func(next *snowman.Model) {
			inUse(next).Inc()
			before := opened.judge.Swap(newJudge(next, opened.judge.Load().list))
			inUse(before.model).Dec()
		})
	}
	var list *allow.List
	if err == nil && len(s.allow) > 0 {
		list, err = reload.Open(opened.files, "allow", s.allow, s.openAllow, func(next *allow.List) {
			opened.judge.Store(newJudge(opened.judge.Load().model, next))
		})
	}
	if err != nil {
		return nil, err
	}
	opened.judge.Store(newJudge(model, list))
	return opened, nil
}

func (s *settings) openModel() (*snowman.Model, error) {
	model, err := snowman.Open(s.model)
	if err == nil {
		log.Infof("Model %s of %q, SHA-256 %s", model.Info().Created, s.model, model.Info().SHA256)
	}
	return model, err
}

func (s *settings) openAllow() (*allow.List, error) {
	list, problems, err := allow.Open(s.allow...)
	for _, problem := range problems {
		log.Warningf("Allow list: %v", problem)
	}
	if err == nil {
		log.Infof("Allow lists with %d entries", list.Len())
	}
	return list, err
}

// tell says how reading a file anew went.
func tell(what string, err error) {
	if err != nil {
		reloadFailedCount.WithLabelValues(what).Inc()
		log.Errorf("Not reloaded, what was read before stays in use: %v", err)
	}
}
