package stream

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Security is how brokers are spoken to.
type Security struct {
	TLS       *tls.Config // default: no TLS
	Mechanism string      // one of Mechanisms; default: nobody logs in
	User      string
	Password  func() (string, error) // is asked at each connection
}

// Mechanisms are how to log in.
var Mechanisms = []string{"scram-sha-256", "scram-sha-512", "plain"}

// mechanism returns how to log in, which Security names.
func (s *Security) mechanism() sasl.Mechanism {
	switch s.Mechanism {
	case "scram-sha-256", "scram-sha-512":
		auth := func(context.Context) (scram.Auth, error) {
			password, err := s.Password()
			return scram.Auth{User: s.User, Pass: password}, err
		}
		if s.Mechanism == "scram-sha-256" {
			return scram.Sha256(auth)
		}
		return scram.Sha512(auth)
	}
	return plain.Plain(func(context.Context) (plain.Auth, error) {
		password, err := s.Password()
		return plain.Auth{User: s.User, Pass: password}, err
	})
}

// clientOptions are those of every client.
func (w *Worker) clientOptions() []kgo.Opt {
	o := &w.options
	options := []kgo.Opt{
		kgo.SeedBrokers(o.Brokers...), kgo.ClientID("snowman"), kgo.SoftwareNameAndVersion("snowman", softwareVersion(o.Version)),
		kgo.WithLogger(kafkaLog{o.Log}), kgo.DisableClientMetrics(),
	}
	if o.Security.TLS != nil {
		dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: o.Security.TLS}
		options = append(options, kgo.Dialer(dialer.DialContext))
	}
	if o.Security.Mechanism != "" {
		options = append(options, kgo.SASL(o.Security.mechanism()))
	}
	return options
}

// workingOptions are those of the client that reads and writes.
func (w *Worker) workingOptions() []kgo.Opt {
	o := &w.options
	start := kgo.NewOffset().AtStart()
	if o.FromEnd {
		start = kgo.NewOffset().AtEnd()
	}
	options := append(w.clientOptions(),
		kgo.ConsumerGroup(o.Group), kgo.ConsumeTopics(o.In...), kgo.ConsumeStartOffset(start), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(o.SessionTimeout), kgo.HeartbeatInterval(o.SessionTimeout/5), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxBytes(fetchedBytes), kgo.FetchMaxPartitionBytes(partitionBytes), kgo.MaxConcurrentFetches(3), kgo.FetchMaxWait(time.Second),
		kgo.MaxDecompressBatchBytes(unpackedBytes), kgo.MaxBufferedBytes(bufferedBytes),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()), kgo.ProducerBatchMaxBytesFn(w.limit), kgo.ProducerLinger(0),
		kgo.OnPartitionsAssigned(w.assigned), kgo.OnPartitionsRevoked(w.revoked), kgo.OnPartitionsLost(w.revoked),
	)
	if o.ExactlyOnce {
		options = append(options, kgo.TransactionalID(o.TransactionalID), kgo.TransactionTimeout(max(o.SessionTimeout, patience)))
	}
	return options
}

func (w *Worker) assigned(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	w.metrics.rebalances.Inc()
	w.health.join()
	w.options.Log.Info("partitions assigned", "count", countOf(partitions))
}

func (w *Worker) revoked(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	w.metrics.rebalances.Inc()
	for topic, numbers := range partitions {
		for _, number := range numbers {
			w.metrics.forgetLag(topic, number)
		}
	}
	w.options.Log.Info("partitions revoked", "count", countOf(partitions))
}

func countOf(partitions map[string][]int32) (count int) {
	for _, numbers := range partitions {
		count += len(numbers)
	}
	return count
}

// defaultLimit is how many bytes of a batch a broker takes, as Kafka's clients have it, unless the
// topic says otherwise.
const defaultLimit = 1_000_012

// limit returns how many bytes of a batch a topic takes.
func (w *Worker) limit(topic string) int32 {
	if limit, known := w.limits[topic]; known {
		return limit
	}
	return defaultLimit
}

// awaitTopics waits until brokers answer, and looks whether all topics are there and how large a
// message may be.
func (w *Worker) awaitTopics(ctx context.Context, client *kgo.Client) error {
	written := make([]string, 0, 3)
	for _, topic := range []string{w.options.Out, w.options.Alerts, w.options.DeadLetters} {
		if topic != "" {
			written = append(written, topic)
		}
	}
	for {
		err := checkTopics(ctx, client, append(written[:len(written):len(written)], w.options.In...))
		if err == nil || ctx.Err() != nil {
			break
		}
		if isLasting(err) || isMissing(err) {
			return lastingError{err}
		}
		w.health.fail(err)
		w.options.Log.Warn("no broker answers", "brokers", strings.Join(w.options.Brokers, ","), "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
	w.limits = topicLimits(ctx, client, written)
	return nil
}

// missingTopic is the name of a topic that does not exist.
type missingTopic string

func (m missingTopic) Error() string { return fmt.Sprintf("topic %.80q does not exist", string(m)) }

func isMissing(err error) bool { _, missing := err.(missingTopic); return missing }

// checkTopics looks whether all topics are there.
func checkTopics(ctx context.Context, client *kgo.Client, topics []string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request := kmsg.NewMetadataRequest()
	for _, topic := range topics {
		one := kmsg.NewMetadataRequestTopic()
		one.Topic = kmsg.StringPtr(topic)
		request.Topics = append(request.Topics, one)
	}
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("asking for the topics: %w", err)
	}
	for _, topic := range response.Topics {
		name := ""
		if topic.Topic != nil {
			name = *topic.Topic
		}
		switch err := kerr.ErrorForCode(topic.ErrorCode); err {
		case nil:
		case kerr.UnknownTopicOrPartition:
			return missingTopic(name)
		default:
			return fmt.Errorf("topic %.80q: %w", name, err)
		}
	}
	return nil
}

// topicLimits returns how many bytes of a batch each topic takes, as far as this worker may know.
func topicLimits(ctx context.Context, client *kgo.Client, topics []string) map[string]int32 {
	const option, topicKind = "max.message.bytes", 2
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request := kmsg.NewDescribeConfigsRequest()
	for _, topic := range topics {
		one := kmsg.NewDescribeConfigsRequestResource()
		one.ResourceType, one.ResourceName, one.ConfigNames = topicKind, topic, []string{option}
		request.Resources = append(request.Resources, one)
	}
	limits := make(map[string]int32)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return limits
	}
	for _, resource := range response.Resources {
		for _, config := range resource.Configs {
			var limit int32
			if config.Name != option || config.Value == nil {
				continue
			}
			// Half a kilobyte is for what a broker counts beside a batch.
			if _, err := fmt.Sscan(*config.Value, &limit); err == nil && limit > 1024 {
				limits[resource.ResourceName] = min(limit-512, bufferedBytes/2)
			}
		}
	}
	return limits
}

// softwareVersion returns a version as KIP-511 wants it.
func softwareVersion(version string) string {
	out := []byte("v")
	for _, c := range []byte(version) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' {
			out = append(out, c)
		}
	}
	return strings.TrimRight(string(out), ".-")
}

// kafkaLog writes what the client has to say.
type kafkaLog struct{ log *slog.Logger }

func (l kafkaLog) Level() kgo.LogLevel { return kgo.LogLevelWarn }

func (l kafkaLog) Log(level kgo.LogLevel, message string, pairs ...any) {
	at := slog.LevelWarn
	if level == kgo.LogLevelError {
		at = slog.LevelError
	}
	l.log.Log(context.Background(), at, "kafka: "+message, pairs...)
}
