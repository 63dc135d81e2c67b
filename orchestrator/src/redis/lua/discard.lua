#!lua flags=allow-oom
-- Removes a dead letter for good, with the record that refers to it.
--
-- KEYS: dead letters, record
-- ARGV: dead letter id, expiry of a record that stays in s
-- Reply: 1, or 0 if there is no such letter
-- include has
-- include forget

forget(KEYS[2], ARGV[1], ARGV[2])
return redis.call('XDEL', KEYS[1], ARGV[1])
