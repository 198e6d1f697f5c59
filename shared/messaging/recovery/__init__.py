"""How a service is made whole: it asks the source for what it misses, and the source sends it again from its journal.

Four messages, which are no facts: they have no sequence, are not recorded, and may be lost, for they are said again.
- `<service>.events_missing.v1`: this queue misses these events of this stream.
- `<service>.stream_heads.v1`: how far the streams go that changed lately; a lost *last* event is found by it.
- `<service>.alone_heads.v1`: which facts were told lately that other instances of the same service hear each by itself
  (a transfer by another département): each is a stream of one, `event:<id>`.
- `<service>.heads_wanted.v1`: tell me how far the streams go that changed since then; said at each start, and so by a
  service that joins late, lost its database, or was restored from an old backup.
"""
