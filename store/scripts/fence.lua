-- Whether this node is still the one that it was, and so knows what it was told.
-- KEYS: the mark. ARGV: who the node is now, a nonce, the milliseconds to settle.
-- Answers the mark, the milliseconds left in which nothing may be granted, and 1 if the mark is new.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local settle = tonumber(ARGV[3])
local mark = redis.call('GET', KEYS[1])
if mark then
  local who, since = string.match(mark, '^(%S+) %S+ (%d+)$')
  if who == ARGV[1] then
    local left = tonumber(since) + settle - now
    return {mark, math.max(0, math.min(settle, left)), 0}
  end
end
mark = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. string.format('%.0f', now)
redis.call('SET', KEYS[1], mark)
return {mark, settle, 1}
