ALTER TABLE project ADD COLUMN icon_url_override text;
ALTER TABLE session ADD COLUMN path text;
ALTER TABLE session ADD COLUMN agent text;
ALTER TABLE session ADD COLUMN model text;
CREATE TABLE event_sequence (
  aggregate_id text PRIMARY KEY, seq integer NOT NULL, owner_id text
);
CREATE TABLE event (
  id text PRIMARY KEY, aggregate_id text NOT NULL, seq integer NOT NULL, type text NOT NULL,
  data text NOT NULL,
  CONSTRAINT fk_event_aggregate_id_event_sequence_aggregate_id_fk FOREIGN KEY (aggregate_id) REFERENCES event_sequence(aggregate_id) ON DELETE CASCADE
);
CREATE TABLE session_message (
  id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL,
  CONSTRAINT fk_session_message_session_id_session_id_fk FOREIGN KEY (session_id) REFERENCES session(id) ON DELETE CASCADE
);
CREATE INDEX session_message_session_idx ON session_message (session_id);
CREATE INDEX session_message_session_type_idx ON session_message (session_id,type);
CREATE INDEX session_message_time_created_idx ON session_message (time_created);
