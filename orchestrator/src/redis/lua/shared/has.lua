-- True if the stream has the entry, or cannot be read.
local function has(stream, entry)
  local found = redis.pcall('XRANGE', stream, entry, entry)
  return found.err ~= nil or #found > 0
end
