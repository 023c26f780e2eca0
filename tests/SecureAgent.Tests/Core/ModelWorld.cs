using System.Text;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

/// <summary>The hosts, keys and destinations of <see cref="ModelStep"/>s, and the steps as messages.</summary>
internal sealed class ModelWorld
{
    public const int Hosts = 3;
    public const int Keys = 4;
    public const int Connections = 4;

    public static readonly string[] Users = ["me", "mo", "you"];

    /// <summary>Permitted hops: from a host or from here, to a host, as users of a pattern. The first list permits
    /// everything.</summary>
    public static readonly (int? From, int To, string User)[][] Destinations =
    [
        [],
        [(null, 0, "")],
        [(null, 0, "me")],
        [(null, 0, ""), (0, 1, "")],
        [(null, 0, ""), (0, 1, ""), (1, 2, "m*")],
        [(null, 1, "m?")],
        [(null, 0, ""), (null, 1, ""), (0, 2, "you")],
    ];

    private static readonly DestinationHop Here = new("", "", []);

    private readonly TestKey[] _hosts = [TestKey.Ed25519(), TestKey.Ecdsa(EcdsaCurve.NistP256), TestKey.Ed25519()];
    private readonly AddedKey[] _keys = [.. Enumerable.Range(1, Keys).Select(seed => new AddedKey((byte)seed))];
    private readonly Dictionary<ModelStep.Bind, byte[]> _binds = [];

    public KeyBlob Blob(int key) => _keys[key].Blob;

    public Ed25519PublicKey PublicKey(int key) => _keys[key].PublicKey;

    /// <summary>The message of a step that is one.</summary>
    public byte[] Message(ModelStep step)
    {
        switch (step)
        {
            case ModelStep.Bind bind:
                ModelStep.Bind any = bind with { Connection = 0 };
                return _binds.TryGetValue(any, out byte[]? made) ? made : _binds[any] = Bind(bind);
            case ModelStep.Lock { Empty: var empty }:
                return Requests.Lock(empty ? "" : "secret");
            case ModelStep.Unlock { Right: var right }:
                return Requests.Unlock(right ? "secret" : "wrong");
            case ModelStep.Add add:
                return Add(add);
            case ModelStep.List:
                return Requests.List;
            case ModelStep.Sign sign:
                return Requests.Sign(Blob(sign.Key), Data(sign));
            case ModelStep.Remove remove:
                return Requests.Remove(Blob(remove.Key));
            case ModelStep.RemoveAll:
                return [19];
            default:
                throw new ArgumentException($"{step} is no message.", nameof(step));
        }
    }

    /// <summary>The bytes to sign.</summary>
    public byte[] Data(ModelStep.Sign sign)
    {
        byte[] session = Session(sign.Session);
        return sign.Data switch
        {
            ModelData.Login => Requests.Login(session, sign.User, PublicKey(sign.Key)),
            ModelData.HostBoundLogin => Requests.Login(
                session, sign.User, PublicKey(sign.Key), _hosts[sign.Host].PublicKey.Blob),
            ModelData.OthersLogin => Requests.Login(
                session, sign.User, PublicKey((sign.Key + 1) % Keys), _hosts[sign.Host].PublicKey.Blob),
            ModelData.File =>
            [
                .. "SSHSIG"u8, 0, 0, 0, 3, .. "git"u8, 0, 0, 0, 0, 0, 0, 0, 6, .. "sha256"u8, 0, 0, 0, 32,
                .. new byte[32],
            ],
            _ => [1, 2, 3, (byte)sign.Session],
        };
    }

    private static byte[] Session(int session) => [7, 7, 7, (byte)session];

    private byte[] Bind(ModelStep.Bind bind)
    {
        if (bind.Signer == ModelSigner.Nobody)
        {
            return Requests.Extension(SessionBind.ExtensionName, 0, 0, 0, 1);
        }

        byte[] right = _hosts[bind.Host].Bind(Session(bind.Session), bind.Forwarding);
        // Another session's signature is a well-formed one that does not fit.
        return bind.Signer == ModelSigner.Host
            ? right
            : Requests.Bind(
                _hosts[bind.Host].PublicKey.Blob,
                Session(bind.Session),
                _hosts[bind.Host].SignBlob(
                    SignatureAlgorithm.For(_hosts[bind.Host].PublicKey, SignatureFlags.None), [1, 2]),
                bind.Forwarding);
    }

    private byte[] Add(ModelStep.Add add)
    {
        List<KeyConstraint> constraints = [];
        if (add.Seconds > 0)
        {
            constraints.Add(new KeyConstraint.Lifetime(add.Seconds));
        }

        if (add.Confirm)
        {
            constraints.Add(KeyConstraint.Confirm.Instance);
        }

        if (add.MaxSignatures is { } most)
        {
            constraints.Add(new KeyConstraint.MaxSignatures(most));
        }

        if (add.Destinations > 0)
        {
            constraints.Add(new KeyConstraint.RestrictDestination(
            [
                .. Destinations[add.Destinations].Select(hop => new DestinationConstraint(
                    hop.From is { } from ? Hop(from, "") : Here, Hop(hop.To, hop.User))),
            ]));
        }

        if (add.Unknown)
        {
            constraints.Add(new KeyConstraint.UnknownConstraint(
                255, "nothing@example.org", Encoding.ASCII.GetBytes("x")));
        }

        return Requests.Add(_keys[add.Key], Comment(add), [.. constraints]);
    }

    /// <summary>What the key is listed as.</summary>
    public static string Comment(ModelStep.Add add) => $"key {add.Key} version {add.Version}";

    private DestinationHop Hop(int host, string user) =>
        new(user, $"host{host}", [new KeySpecification(_hosts[host].PublicKey.Blob, false)]);
}
