#!lua flags=allow-oom
-- Creates a consumer group and its stream if they are missing. A script, because Redis over its maxmemory would reject the
-- plain command even for an existing group, and then no worker could drain the memory.
--
-- KEYS: stream
-- ARGV: group
local reply = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if reply.err and not string.find(reply.err, 'BUSYGROUP', 1, true) then return redis.error_reply(reply.err) end
return 1
