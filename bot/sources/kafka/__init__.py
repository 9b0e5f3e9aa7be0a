"""Kafka: `callback_topic` implements CallbackTopic; aiokafka is imported here only.

`reader` polls the topic without a group, `offsets` chooses where to read from, `consumer_group`
reads how far CJ has come, `probe` asks a broker why it refused. To read a further topic, start a
TopicReader for it.
"""
