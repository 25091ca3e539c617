-- Notices whose names begin so: name and value in turns. KEYS as in post.lua. ARGV: how the names begin.
local notices, order = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
-- No UTF-8 has a byte 255.
for _, name in ipairs(redis.call('ZRANGEBYLEX', order, '[' .. ARGV[1], '(' .. ARGV[1] .. '\255')) do
  local had = redis.call('HGET', notices, name)
  local ends, at = string.match(had, '^(%d+) ()')
  if tonumber(ends) > now then
    found[#found + 1] = name
    found[#found + 1] = string.sub(had, at)
  end
end
return found
