DROP TABLE session_message;
ALTER TABLE session ADD COLUMN metadata text;
ALTER TABLE session ADD COLUMN cost real DEFAULT 0 NOT NULL;
ALTER TABLE session ADD COLUMN tokens_input integer DEFAULT 0 NOT NULL;
ALTER TABLE session ADD COLUMN tokens_output integer DEFAULT 0 NOT NULL;
ALTER TABLE session ADD COLUMN tokens_reasoning integer DEFAULT 0 NOT NULL;
ALTER TABLE session ADD COLUMN tokens_cache_read integer DEFAULT 0 NOT NULL;
ALTER TABLE session ADD COLUMN tokens_cache_write integer DEFAULT 0 NOT NULL;
UPDATE session SET cost = coalesce((
  SELECT sum(coalesce(json_extract(message.data, '$.cost'), 0)) FROM message
  WHERE message.session_id = session.id AND json_extract(message.data, '$.role') = 'assistant'), 0);
CREATE TABLE session_message (
  id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL, seq integer NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL,
  CONSTRAINT fk_session_message_session_id_session_id_fk FOREIGN KEY (session_id) REFERENCES session(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX session_message_session_seq_idx ON session_message (session_id,seq);
CREATE INDEX session_message_session_type_seq_idx ON session_message (session_id,type,seq);
CREATE INDEX session_message_session_time_created_id_idx ON session_message (session_id,time_created,id);
CREATE INDEX session_message_time_created_idx ON session_message (time_created);
CREATE UNIQUE INDEX event_aggregate_seq_idx ON event (aggregate_id,seq);
CREATE INDEX event_aggregate_type_seq_idx ON event (aggregate_id,type,seq);
