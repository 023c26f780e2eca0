namespace SecureAgent.Tests.Core;

/// <summary>Makes sequences of steps, and makes a failing one short.</summary>
internal static class ModelSteps
{
    /// <summary>As many steps as asked for, and some more where several belong together.</summary>
    public static List<ModelStep> Make(Random random, int count)
    {
        List<ModelStep> steps = [];
        while (steps.Count < count)
        {
            int connection = random.Next(ModelWorld.Connections);
            if (random.Next(400) == 0)
            {
                steps.Add(new ModelStep.Connect(connection));
                steps.AddRange(Enumerable.Range(100, 18).Select(session =>
                    new ModelStep.Bind(connection, random.Next(ModelWorld.Hosts), session, true, ModelSigner.Host)));
            }
            else
            {
                ModelStep.Bind? last = steps.OfType<ModelStep.Bind>().LastOrDefault(
                    bind => bind.Connection == connection);
                steps.Add(One(random, connection, steps.Count, last));
            }
        }

        return steps;
    }

    /// <summary>Leaves out what can be left out while <paramref name="fails"/> still says so.</summary>
    public static async Task<List<ModelStep>> ShrinkAsync(
        List<ModelStep> steps, Func<List<ModelStep>, Task<bool>> fails)
    {
        for (int size = steps.Count / 2; size > 0; size /= 2)
        {
            for (int at = 0; at < steps.Count;)
            {
                List<ModelStep> fewer = [.. steps[..at], .. steps.Skip(at + size)];
                if (await fails(fewer))
                {
                    steps = fewer;
                }
                else
                {
                    at += size;
                }
            }
        }

        return steps;
    }

    /// <param name="random">Chooses.</param>
    /// <param name="connection">Where it happens.</param>
    /// <param name="version">Tells keys apart.</param>
    /// <param name="last">The last binding of the connection: half of the logins are what it was made for.</param>
    private static ModelStep One(Random random, int connection, int version, ModelStep.Bind? last)
    {
        int key = random.Next(ModelWorld.Keys);
        int host = random.Next(ModelWorld.Hosts);
        int session = random.Next(3);
        switch (random.Next(100))
        {
            case < 9:
                return new ModelStep.Connect(connection);
            case < 18:
                ModelSigner signer = random.Next(16) switch
                {
                    0 => ModelSigner.Other,
                    1 when random.Next(2) == 0 => ModelSigner.Nobody,
                    _ => ModelSigner.Host,
                };
                return new ModelStep.Bind(connection, host, session, random.Next(3) == 0, signer);
            case 18 when random.Next(4) == 0:
                return new ModelStep.Lock(connection, random.Next(4) == 0);
            case < 24:
                return new ModelStep.Unlock(connection, random.Next(3) != 0);
            case < 38:
                return new ModelStep.Add(
                    connection,
                    key,
                    version,
                    random.Next(4) == 0 ? (uint)random.Next(1, 60) : 0,
                    random.Next(6) == 0,
                    random.Next(5) == 0 ? (uint)random.Next(4) : null,
                    random.Next(3) == 0 ? 0 : random.Next(ModelWorld.Destinations.Length),
                    random.Next(12) == 0);
            case < 52:
                return new ModelStep.List(connection);
            case < 90:
                bool fits = last is not null && random.Next(2) == 0;
                return new ModelStep.Sign(
                    connection,
                    key,
                    random.Next(2) == 0 ? (ModelData)random.Next(5) : ModelData.HostBoundLogin,
                    fits ? last!.Session : session,
                    ModelWorld.Users[random.Next(ModelWorld.Users.Length)],
                    fits ? last!.Host : host);
            case < 94:
                return new ModelStep.Remove(connection, key);
            case 94 when random.Next(4) == 0:
                return new ModelStep.RemoveAll(connection);
            case < 97:
                return new ModelStep.Wait(random.Next(1, 20));
            default:
                return new ModelStep.Decide(random.Next(3) != 0);
        }
    }
}
