-- Let go of a claim. Answers whether it was held. KEYS: claim. ARGV: "who number" as it was taken, and milliseconds for
-- which each of those who wait asks by itself (empty: the next one takes it).
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], '-', 'PX', ARGV[2])
end
return 1
