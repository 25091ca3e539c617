-- What changed after a version. KEYS: changes, version, floor (see key_put.lua). ARGV: the version, 0 for all there is.
-- Answers the version now, 1 if the list below is all, and the list ("version:digest").
local now, floor = tonumber(redis.call('GET', KEYS[2]) or 0), tonumber(redis.call('GET', KEYS[3]) or 0)
local since = tonumber(ARGV[1])
if since > now or since < -floor or (since > 0 and since < floor) then return {now, 0, {}} end
return {now, 1, redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf')}
