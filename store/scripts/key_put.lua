-- Make or change a client's key. Answers its new version, 0 where the name or the version is taken, -1 where a secret is.
-- KEYS: names (name -> "version digest former text"), digests (digest -> name), order (names), changes (what changed,
-- by version), version (the last), floor (changes up to this
-- version aren't all known; negative where some were let go, else it is when all began). ARGV: name,
-- the version it was read with, digest, former digest or -, text, how many changes are kept.
-- Versions are milliseconds, or one more than the last: so none comes again after some were lost.
local names, digests, order, changes, version, floor = unpack(KEYS)
local name, digest, former = ARGV[1], ARGV[3], ARGV[4]
local had = redis.call('HGET', names, name)
local is, old, older = '0', '-', '-'
if had then is, old, older = string.match(had, '^(%d+) (%S+) (%S+) ') end
if is ~= ARGV[2] then return 0 end
for _, one in ipairs({digest, former}) do
  local whose = one ~= '-' and redis.call('HGET', digests, one)
  if whose and whose ~= name then return -1 end
end

local time, last = redis.call('TIME'), redis.call('GET', version)
local new = math.max(tonumber(last or 0) + 1, time[1] * 1000 + math.floor(time[2] / 1000))
local text = string.format('%.0f', new)
redis.call('SET', version, text)
if not last then redis.call('SET', floor, string.format('%.0f', new - 1)) end
for _, one in ipairs({old, older, digest, former}) do
  if one ~= '-' then redis.call('ZADD', changes, text, text .. ':' .. one) end
end
local gone = redis.call('ZREVRANGE', changes, ARGV[6], ARGV[6], 'WITHSCORES')[2]
if gone then
  redis.call('ZREMRANGEBYSCORE', changes, '-inf', gone)
  redis.call('SET', floor, '-' .. gone)
end

redis.call('HDEL', digests, old, older)
redis.call('HSET', digests, digest, name)
if former ~= '-' then redis.call('HSET', digests, former, name) end
redis.call('HSET', names, name, text .. ' ' .. digest .. ' ' .. former .. ' ' .. ARGV[5])
redis.call('ZADD', order, 0, name)
return new
