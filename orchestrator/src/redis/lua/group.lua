#!lua flags=allow-oom
-- Creates a consumer group, and its stream, where they are missing. As a plain command it would be refused over
-- maxmemory even where the group is there, and then no worker could drain what fills the memory.
--
-- KEYS: stream
-- ARGV: group
local reply = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if reply.err and not string.find(reply.err, 'BUSYGROUP', 1, true) then return redis.error_reply(reply.err) end
return 1
