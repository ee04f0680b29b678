// The same in Kafka Streams, exactly once: java Machines.java BROKERS INPUT OUTPUT STATE rocksdb|memory
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;

public class Machines {
  record Sum(double sum, long count) {}

  static final Serde<Sum> SUM = Serdes.serdeFrom(
      (topic, sum) -> ByteBuffer.allocate(16).putDouble(sum.sum()).putLong(sum.count()).array(),
      (topic, bytes) -> {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Sum(buffer.getDouble(), buffer.getLong());
      });

  /** Rounds, compares, and gives the alert the time of its window's start. */
  static class Alert extends ContextualProcessor<Windowed<String>, Sum, String, String> {
    public void process(Record<Windowed<String>, Sum> update) {
      if (update.value() == null) return;
      double mean = new BigDecimal(update.value().sum() / update.value().count()).setScale(2, RoundingMode.HALF_EVEN).doubleValue();
      if (mean < 90) return;
      context().forward(new Record<>(update.key().key(), Double.toString(mean), update.key().window().start()));
    }
  }

  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams-" + args[1] + args[2]);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, args[3]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0); // every update
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    Duration size = Duration.ofSeconds(5);
    ObjectMapper json = new ObjectMapper();
    StreamsBuilder builder = new StreamsBuilder();
    Materialized<String, Sum, org.apache.kafka.streams.state.WindowStore<org.apache.kafka.common.utils.Bytes, byte[]>> store =
        args[4].equals("memory")
            ? Materialized.as(Stores.inMemoryWindowStore("windows", Duration.ofSeconds(10), size, false))
            : Materialized.as("windows");
    builder.stream(args[1], Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .mapValues(value -> {
          try {
            return json.readTree(value).get("Temperature_C").asDouble();
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        })
        .groupByKey(Grouped.with(Serdes.String(), Serdes.Double()))
        .windowedBy(TimeWindows.ofSizeWithNoGrace(size).advanceBy(Duration.ofSeconds(1)))
        .aggregate(() -> new Sum(0, 0), (key, value, sum) -> new Sum(sum.sum() + value, sum.count() + 1),
            store.withKeySerde(Serdes.String()).withValueSerde(SUM))
        .toStream()
        .process(Alert::new)
        .to(args[2], Produced.with(Serdes.String(), Serdes.String()));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(5))));
    streams.start();
  }
}
