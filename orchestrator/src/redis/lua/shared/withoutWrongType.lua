-- Without a value if the key has another type: the service has not written it, and it must not stop the rest. Any other error
-- still does.
local function without_wrong_type(reply)
  if type(reply) == 'table' and reply.err then
    if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply, 0) end
    return false
  end
  return reply
end
