#!lua flags=allow-oom
-- Removes a dead letter for good, with the record that refers to it.
--
-- KEYS: dead letters, record
-- ARGV: dead letter id
-- Reply: 1, or 0 if there is no such letter
local record = redis.call('GET', KEYS[2])
if record and string.find(record, '"deadLetterId":"' .. ARGV[1] .. '"', 1, true) then redis.call('DEL', KEYS[2]) end
return redis.call('XDEL', KEYS[1], ARGV[1])
