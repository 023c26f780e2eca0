using System.Text;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class SessionTests
{
    private const string Secret = "a secret that must not cross the bus in clear";
    private const byte Both = ClientSession.Continue | ClientSession.Encrypt | ClientSession.Decrypt;

    public static TheoryData<string, ushort, string, string, bool> Sessions
    {
        get
        {
            TheoryData<string, ushort, string, string, bool> data = [];
            foreach (string kind in (string[])["simulator", "swtpm"])
            {
                foreach (string symmetric in (string[])["0006 0080 0043", "0006 0100 0043", "000A {0:X4}"])
                {
                    data.Add(kind, 0x0B, symmetric, "ecc", true);
                    data.Add(kind, 0x0B, symmetric, "none", true);
                    data.Add(kind, 0x04, symmetric, "ecc", false);
                    data.Add(kind, 0x0D, symmetric, "rsa", true);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Sessions))]
    public void Secret_goes_in_and_out_through_an_encrypting_session(
        string kind, ushort hash, string symmetric, string salt, bool bound)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint parent = user.Primary();
        uint saltKey = salt switch { "none" => Templates.Null, "ecc" => parent, _ => user.Primary(RsaStorage) };
        ClientSession session = ClientSession.Start(
            user, hash, string.Format(System.Globalization.CultureInfo.InvariantCulture, symmetric, hash), saltKey,
            bound ? parent : Templates.Null);
        if (saltKey != parent && saltKey != Templates.Null)
        {
            user.Flush(saltKey);
        }

        byte[] sensitive = new TpmCommand(0).Sized("pin"u8.ToArray()).Sized(Encoding.ASCII.GetBytes(Secret)).Parameters;
        TpmCommand create = new TpmCommand(0x153).Handle(parent).Sized(sensitive).SizedHex(Templates.Sealed).Sized([]).U32(0);
        (Reply created, byte[] privateArea) = session.Send(user, create, Both);
        Assert.Equal(0u, created.Code);
        Assert.True(create.Parameters.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Secret)) < 0);
        created.Sized();
        uint sealedObject = user.Load(parent, (privateArea, created.Sized()));

        (Reply unsealed, byte[] secret) = session.Send(
            user, TpmUser.Unseal(sealedObject), ClientSession.Continue | ClientSession.Encrypt, "pin", "pin");
        Assert.Equal(0u, unsealed.Code);
        Assert.Equal(Secret, Encoding.ASCII.GetString(secret));
        Assert.True(unsealed.Bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Secret)) < 0);
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Forged_hmac_and_wrong_auth_are_refused(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint sealedObject = user.Sealed(user.Primary(), "pin", "AA", noDA: true);
        ClientSession session = ClientSession.Start(user);
        Assert.Equal(0x9A2u, session.Send(user, TpmUser.Unseal(sealedObject), auth: "nip").Reply.Code);
        session.Forge = true;
        Assert.Equal(0x9A2u, session.Send(user, TpmUser.Unseal(sealedObject), auth: "pin").Reply.Code);
        session.Forge = false;
        Assert.Equal(0u, session.Send(user, TpmUser.Unseal(sealedObject), auth: "pin").Reply.Code);
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Command_is_not_accepted_twice(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint sealedObject = user.Sealed(user.Primary(), "pin", "AA", noDA: true);
        ClientSession session = ClientSession.Start(user);
        TpmCommand command = TpmUser.Unseal(sealedObject);
        Assert.Equal(0u, session.Send(user, command, auth: "pin").Reply.Code);
        user.Refused("9A2", command);
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Session_that_does_not_continue_is_gone(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint sealedObject = user.Sealed(user.Primary(), "pin", "AA", noDA: true);
        ClientSession session = ClientSession.Start(user);
        Assert.Equal(0u, session.Send(user, TpmUser.Unseal(sealedObject), attributes: 0, auth: "pin").Reply.Code);
        Assert.Equal(0x918u, session.Send(user, TpmUser.Unseal(sealedObject), auth: "pin").Reply.Code);
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Session_bound_to_an_object_needs_its_auth_no_more(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint sealedObject = user.Sealed(user.Primary(), "pin", "AA", noDA: true);
        ClientSession session = ClientSession.Start(user, bind: sealedObject, bindAuth: "pin");
        Assert.Equal(0u, session.Send(user, TpmUser.Unseal(sealedObject)).Reply.Code);
        Assert.Equal(0x9A2u, session.Send(user, TpmUser.Unseal(sealedObject), auth: "pin").Reply.Code);
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Fourth_session_finds_no_memory_until_one_is_saved(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        ClientSession first = ClientSession.Start(user);
        ClientSession.Start(user);
        ClientSession.Start(user);
        user.Refused("903", StartSession());
        byte[] context = user.Good(new TpmCommand(0x162).Handle(first.Handle)).Rest();
        uint fourth = user.Good(StartSession()).Handle;
        user.Refused("903", new TpmCommand(0x161).Raw(context));
        user.Flush(fourth);
        Assert.Equal(first.Handle, user.Good(new TpmCommand(0x161).Raw(context)).Handle);
        user.Refused("1CB", new TpmCommand(0x161).Raw(context));
        Assert.Equal(0u, first.Send(user, new TpmCommand(0x17B).U16(8), ClientSession.Continue | ClientSession.Audit).Reply.Code);
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Sixty_fifth_session_finds_no_handle(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        for (int i = 0; i < 64; i++)
        {
            user.Good(new TpmCommand(0x162).Handle(user.Good(StartSession()).Handle));
        }

        user.Refused("905", StartSession());
    }

    private const string RsaStorage = "0001 000B 00030472 0000  0006 0080 0043  0010  0800 00000000  0000";

    private static TpmCommand StartSession() => new TpmCommand(0x176).Handle(Templates.Null).Handle(Templates.Null)
        .Sized(new byte[16]).Sized([]).U8(0).Hex("0010 000B");
}
