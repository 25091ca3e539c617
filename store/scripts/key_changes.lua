-- What changed after a version. KEYS: changes, version (see key_put.lua). ARGV: the version, how many are kept.
-- Answers the version now, 1 if the list below is all, and the list ("version:digest").
local now, since = tonumber(redis.call('GET', KEYS[2]) or 0), tonumber(ARGV[1])
if since > now or since < now - tonumber(ARGV[2]) then return {now, 0, {}} end
return {now, 1, redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf')}
