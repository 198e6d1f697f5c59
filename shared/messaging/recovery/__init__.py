"""Gap recovery: a service requests missing events from their source, which resends them from its journal.

Six control messages, which are no events: they have no sequence, are in no journal, and may be lost, because they are
repeated.
- `<service>.events_missing.v1`: this queue misses these events of this stream.
- `<service>.stream_heads.v1`: the heads of streams that changed lately; they reveal that a *last* event was lost.
- `<service>.alone_heads.v1`: recent events outside streams for other instances of the same service (a transfer by
  another département); each is a stream of one, `event:<id>`.
- `<service>.heads_wanted.v1`: publish the heads of streams that changed since then. Sent at each start, and so by a
  service that joins late, lost its database, or was restored from an old backup.
- `<service>.stream_forked.v1`: this queue applied these last events; does your journal have them?
- `<service>.stream_checked.v1`: the answer to it.

| side | module |
|---|---|
| consumer | `gaps` knows what is missing and when to request it |
| source | `stream_heads` reads heads, `resend` puts events into the outbox, `disputed_streams` answers about forks |
| both | `gap_recovery` sends and handles control messages, `rate_limits` bounds requests |
"""
