-- Clients' keys in the order of their names. KEYS: names, order (see key_put.lua). ARGV: behind which name, how many.
local found = redis.call('ZRANGEBYLEX', KEYS[2], '(' .. ARGV[1], '+', 'LIMIT', 0, ARGV[2])
for i, name in ipairs(found) do found[i] = redis.call('HGET', KEYS[1], name) end
return found
