using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>What an agent must answer, from RFC 9987 and OpenSSH's PROTOCOL.agent, and for forwarded connections and
/// maxsign from docs/protocol.md. It knows numbers and no bytes.</summary>
internal sealed class AgentModel
{
    /// <summary>How long a client waits before it tries to unlock: longer than any delay after wrong guesses.</summary>
    public const int SecondsBeforeUnlock = 11;

    private const int MostBindings = 16;

    private readonly Connection[] _connections =
        [.. Enumerable.Range(0, ModelWorld.Connections).Select(_ => new Connection())];

    private readonly List<Key> _keys = [];
    private long _now;
    private bool _locked;
    private bool _allows;

    public bool IsForwarded(int connection) => _connections[connection].IsForwarded;

    public bool IsLocked => _locked;

    /// <summary>Whether a binding is recorded for a connection.</summary>
    public bool IsBound(int connection) => _connections[connection].Hops.Count > 0;

    /// <summary>What is listed on a connection: comments, in order.</summary>
    public string List(int connection) => string.Join(
        ", ", _keys.Where(key => !_locked && MayList(key, _connections[connection])).Select(key => key.Comment));

    /// <summary>Whether the key is there.</summary>
    public bool Holds(int key) => Find(key) is not null;

    /// <summary>Whether a connection is shown the key, if it is there.</summary>
    public bool IsShown(int connection, int key) => Find(key) is { } found && MayList(found, _connections[connection]);

    /// <summary>The type of the answer; for a list what it holds; nothing for what is no request.</summary>
    public string Apply(ModelStep step)
    {
        _now += step is ModelStep.Unlock ? SecondsBeforeUnlock : step is ModelStep.Wait wait ? wait.Seconds : 0;
        _keys.RemoveAll(key => key.EndsAt <= _now);
        switch (step)
        {
            case ModelStep.Connect connect:
                _connections[connect.Connection] = new Connection();
                return "";
            case ModelStep.Wait:
                return "";
            case ModelStep.Decide decide:
                _allows = decide.Allows;
                return "";
            case ModelStep.List list:
                return List(list.Connection);
            case ModelStep.Bind bind:
                return $"{(Bind(bind) ? SSH_AGENT_SUCCESS : SSH_AGENT_EXTENSION_FAILURE)}";
            case ModelStep.Sign sign:
                return $"{(Sign(sign) ? SSH_AGENT_SIGN_RESPONSE : SSH_AGENT_FAILURE)}";
            default:
                return $"{(Change(step) ? SSH_AGENT_SUCCESS : SSH_AGENT_FAILURE)}";
        }
    }

    private Key? Find(int number) => _keys.Find(key => key.Number == number);

    private bool Bind(ModelStep.Bind bind)
    {
        Connection connection = _connections[bind.Connection];
        bool wasForwarded = connection.IsForwarded;
        (connection.IsAttempted, connection.IsForwarded) = (true, true);
        if (bind.Signer != ModelSigner.Host)
        {
            return false;
        }

        // In the order of the hops: one that is known already is found before a login behind it forbids more.
        ModelStep.Bind? obstacle =
            connection.Hops.Find(hop => !hop.Forwarding || hop.Session == bind.Session);
        if (obstacle is { Forwarding: false } || (obstacle is not null && obstacle.Host != bind.Host)
            || (obstacle is null && connection.Hops.Count == MostBindings))
        {
            return false;
        }

        if (obstacle is null)
        {
            connection.Hops.Add(bind);
        }

        connection.IsForwarded = wasForwarded || bind.Forwarding;
        return true;
    }

    private bool Change(ModelStep step)
    {
        switch (step)
        {
            case ModelStep.Unlock unlock:
                if (!_locked || !unlock.Right || IsForwarded(unlock.Connection))
                {
                    return false;
                }

                _locked = false;
                return true;
            case ModelStep.Lock @lock when !_locked && !@lock.Empty && !IsForwarded(@lock.Connection):
                _locked = true;
                return true;
            case ModelStep.RemoveAll all when !_locked && !IsForwarded(all.Connection):
                _keys.Clear();
                return true;
            case ModelStep.Remove remove when !_locked && !IsForwarded(remove.Connection):
                return IsShown(remove.Connection, remove.Key) && _keys.Remove(Find(remove.Key)!);
            case ModelStep.Add add when !_locked && !IsForwarded(add.Connection):
                return Add(add);
            default:
                return false;
        }
    }

    private bool Add(ModelStep.Add add)
    {
        if (add.Unknown || add.MaxSignatures == 0
            || (Find(add.Key) is not null && !IsShown(add.Connection, add.Key)))
        {
            return false;
        }

        Key key = new(add.Key, ModelWorld.Comment(add), add.Confirm, ModelWorld.Destinations[add.Destinations])
        {
            Left = add.MaxSignatures ?? long.MaxValue,
            EndsAt = add.Seconds == 0 ? long.MaxValue : _now + add.Seconds,
        };
        int place = _keys.FindIndex(other => other.Number == add.Key);
        if (place < 0)
        {
            _keys.Add(key);
        }
        else
        {
            _keys[place] = key;
        }

        return true;
    }

    private bool Sign(ModelStep.Sign sign)
    {
        Connection connection = _connections[sign.Connection];
        bool isUnknown = sign.Data is ModelData.Unknown or ModelData.OthersLogin;
        if (_locked || Find(sign.Key) is not { } key || !MayUse(key, connection, sign)
            || ((key.Confirm || (connection.IsForwarded && isUnknown)) && !_allows))
        {
            return false;
        }

        if (--key.Left == 0)
        {
            _keys.Remove(key);
        }

        return true;
    }

    private static bool MayList(Key key, Connection connection)
    {
        if (key.Destinations.Length == 0 || !connection.IsAttempted)
        {
            return true;
        }

        // On a forwarded connection a key is of use only if there is somewhere to go from its end.
        return connection.Hops is [.., { } last]
            && IsPermitted(key, connection, user: null)
            && (!last.Forwarding || key.Destinations.Any(hop => hop.From == last.Host));
    }

    private static bool MayUse(Key key, Connection connection, ModelStep.Sign sign) =>
        key.Destinations.Length == 0
        || (connection.Hops is [.., { Forwarding: false } last]
            && last.Session == sign.Session
            && sign.Data switch
            {
                ModelData.Login => connection.Hops.Count == 1,
                ModelData.HostBoundLogin => last.Host == sign.Host,
                _ => false,
            }
            && IsPermitted(key, connection, sign.User));

    private static bool IsPermitted(Key key, Connection connection, string? user)
    {
        for (int i = 0; i < connection.Hops.Count; i++)
        {
            int? from = i == 0 ? null : connection.Hops[i - 1].Host;
            int to = connection.Hops[i].Host;
            bool isLast = i == connection.Hops.Count - 1;
            if (!key.Destinations.Any(hop => hop.From == from && hop.To == to
                && (user is null || !isLast || IsUser(hop.User, user))))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsUser(string pattern, string user) => pattern switch
    {
        "" => true,
        "m*" => user[0] == 'm',
        "m?" => user[0] == 'm' && user.Length == 2,
        _ => pattern == user,
    };

    private sealed class Connection
    {
        public List<ModelStep.Bind> Hops { get; } = [];

        public bool IsAttempted { get; set; }

        public bool IsForwarded { get; set; }
    }

    private sealed record Key(int Number, string Comment, bool Confirm, (int? From, int To, string User)[] Destinations)
    {
        public long Left { get; set; }

        public long EndsAt { get; init; }
    }
}
