#!lua flags=allow-oom
-- Reads the version of the data layout, and stores the version of this release if it is newer.
--
-- KEYS: schema
-- ARGV: major and minor version of this release
-- Reply: the version before the call; '' if there was none
local stored = redis.call('GET', KEYS[1]) or ''
local major, minor = string.match(stored, '^(%d+)%.(%d+)$')
major, minor = tonumber(major), tonumber(minor)
local own_major, own_minor = tonumber(ARGV[1]), tonumber(ARGV[2])
local newer = major and (own_major > major or (own_major == major and own_minor > minor))
if stored == '' or newer then redis.call('SET', KEYS[1], ARGV[1] .. '.' .. ARGV[2]) end
return stored
