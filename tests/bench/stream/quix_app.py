"""The tutorial's application in Quix Streams, exactly once: quix_app.py BROKERS INPUT OUTPUT STATE"""
import sys

from quixstreams import Application

brokers, source, alerts, state = sys.argv[1:]
app = Application(broker_address=brokers, consumer_group="quix-" + source + alerts, auto_offset_reset="earliest",
                  processing_guarantee="exactly-once", state_dir=state, loglevel="WARNING")  # fmt: skip
readings = app.topic(source, value_deserializer="json")
output = app.topic(alerts, value_serializer="json")
frame = app.dataframe(readings)
frame = frame.apply(lambda value: value["Temperature_C"]).hopping_window(duration_ms=5_000, step_ms=1_000).mean().current()
frame = frame.apply(lambda result: round(result["value"], 2)).filter(lambda mean: mean >= 90)
frame.to_topic(output)
app.run()
