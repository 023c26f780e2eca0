using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class SignedPayloadTests
{
    [Theory]
    [InlineData("login-rsa", "rsa-sha2-512")]
    [InlineData("login-rsa-sha256", "rsa-sha2-256")]
    [InlineData("login-ecdsa256", "ecdsa-sha2-nistp256")]
    [InlineData("login-ecdsa384", "ecdsa-sha2-nistp384")]
    [InlineData("login-ecdsa521", "ecdsa-sha2-nistp521")]
    [InlineData("login-ed25519", "ssh-ed25519")]
    [InlineData("login-cert-rsa", "rsa-sha2-512-cert-v01@openssh.com")]
    [InlineData("login-cert-ecdsa256", "ecdsa-sha2-nistp256-cert-v01@openssh.com")]
    [InlineData("login-cert-ed25519", "ssh-ed25519-cert-v01@openssh.com")]
    [InlineData("login-to-hostkey-rsa", "ssh-ed25519")]
    [InlineData("login-to-host-certificate", "ssh-ed25519")]
    public void Login_is_bound_to_session_and_host_key(string name, string algorithm)
    {
        AgentRequest.SignRequest request = Request($"req-{name}-2.bin");
        SessionBind bind = SessionBind.Decode(
            ((AgentRequest.Extension)AgentRequest.Decode(WireVectors.Bytes($"req-{name}-0.bin"))).Contents);
        SignedPayload.UserAuthentication login =
            Assert.IsType<SignedPayload.UserAuthentication>(SignedPayload.Classify(request.Data));
        Assert.Equal("root", login.User);
        Assert.Equal("ssh-connection", login.Service);
        Assert.Equal(SignedPayload.UserAuthentication.HostBoundMethod, login.Method);
        Assert.Equal(algorithm, login.Algorithm);
        Assert.Equal(request.Key, login.Key);
        Assert.Equal(bind.HostKey, login.HostKey);
        Assert.Equal(bind.SessionId.ToArray(), login.SessionId.ToArray());
    }

    [Fact]
    public void Login_of_an_older_method_has_no_host_key()
    {
        SignedPayload.UserAuthentication login = Assert.IsType<SignedPayload.UserAuthentication>(
            SignedPayload.Classify(Request("req-login-plain-method-2.bin").Data));
        Assert.Equal("publickey", login.Method);
        Assert.Null(login.HostKey);
    }

    [Theory]
    [InlineData("req-sshsig-rsa-1.bin", "git", "sha512")]
    [InlineData("req-sshsig-ecdsa256-1.bin", "git", "sha512")]
    [InlineData("req-sshsig-ed25519-1.bin", "git", "sha512")]
    [InlineData("req-sshsig-sha256-1.bin", "file", "sha256")]
    public void File_signature_has_namespace_and_hash(string name, string space, string hash) =>
        Assert.Equal(new SignedPayload.SshSignature(space, hash), SignedPayload.Classify(Request(name).Data));

    [Fact]
    public void Certificate_to_be_signed_is_recognised()
    {
        SignedPayload.CertificateToBeSigned payload = Assert.IsType<SignedPayload.CertificateToBeSigned>(
            SignedPayload.Classify(Request("req-certify-1.bin").Data));
        Assert.Equal("signed", payload.Certificate.KeyId);
        Assert.Equal(7ul, payload.Certificate.Serial);
        Assert.Equal(["alice"], payload.Certificate.ValidPrincipals);
        Assert.Equal(Request("req-certify-1.bin").Key, payload.Certificate.SignatureKey.Blob);
    }

    [Fact]
    public void Payload_cut_anywhere_or_with_a_byte_more_is_unknown()
    {
        foreach (string name in new[]
        {
            "req-login-rsa-2.bin", "req-login-plain-method-2.bin", "req-login-cert-ed25519-2.bin",
            "req-sshsig-rsa-1.bin", "req-certify-1.bin",
        })
        {
            byte[] data = Request(name).Data.ToArray();
            for (int length = 0; length < data.Length; length++)
            {
                Assert.IsType<SignedPayload.UnknownPayload>(SignedPayload.Classify(data.AsMemory(0, length)));
            }

            Assert.IsType<SignedPayload.UnknownPayload>(SignedPayload.Classify((byte[])[.. data, 0]));
        }

        Assert.IsType<SignedPayload.UnknownPayload>(SignedPayload.Classify(new byte[32]));
        Assert.IsType<SignedPayload.UnknownPayload>(SignedPayload.Classify("arbitrary text"u8.ToArray()));
    }

    [Fact]
    public void Login_must_be_a_request_that_carries_a_signature_of_a_fitting_algorithm()
    {
        byte[] data = Request("req-login-ed25519-2.bin").Data.ToArray();
        Assert.NotEqual(SignedPayload.UnknownPayload.Instance, SignedPayload.Classify(data));
        Refused(data.AsSpan().IndexOf("root"u8) - 5, 51);
        Refused(data.AsSpan().IndexOf("ssh-connection"u8), (byte)'S');
        Refused(data.AsSpan().IndexOf("publickey"u8), (byte)'P');
        Refused(data.AsSpan().IndexOf("publickey-hostbound-v00@openssh.com"u8) + 35, 0);
        Refused(data.AsSpan().IndexOf("ssh-ed25519"u8), (byte)'S');

        void Refused(int index, byte value)
        {
            byte[] changed = [.. data];
            Assert.NotEqual(value, changed[index]);
            changed[index] = value;
            Assert.IsType<SignedPayload.UnknownPayload>(SignedPayload.Classify(changed));
        }
    }

    [Fact]
    public void Session_id_that_looks_like_a_certificate_is_still_a_login()
    {
        // 32 bytes, as long as an exchange hash of SHA-256, and the start of a certificate at the same time.
        byte[] login = Request("req-login-ed25519-2.bin").Data.ToArray();
        Assert.Equal(64, login[3]);
        byte[] changed = [0, 0, 0, 32, .. "ssh-ed25519-cert-v01@openssh.com"u8, .. login.AsSpan(4 + 64)];
        SignedPayload.UserAuthentication payload =
            Assert.IsType<SignedPayload.UserAuthentication>(SignedPayload.Classify(changed));
        Assert.Equal(32, payload.SessionId.Length);
    }

    [Fact]
    public void No_bytes_fit_two_kinds()
    {
        // Every head of one kind with every tail of another, cut at all field-like places, by independent recognisers.
        string[] names =
        [
            "req-login-ed25519-2.bin", "req-login-plain-method-2.bin", "req-sshsig-ed25519-1.bin", "req-certify-1.bin",
        ];
        byte[][] samples = [.. names.Select(name => Request(name).Data.ToArray())];
        Random random = new(20260501);
        int recognised = 0;
        for (int round = 0; round < 20000; round++)
        {
            byte[] a = samples[random.Next(samples.Length)];
            byte[] b = samples[random.Next(samples.Length)];
            byte[] mixed = random.Next(3) == 0
                ? [.. a]
                : [.. a.AsSpan(0, random.Next(a.Length + 1)), .. b.AsSpan(random.Next(b.Length + 1))];
            if (mixed.Length > 0 && random.Next(2) == 0)
            {
                mixed[random.Next(mixed.Length)] = (byte)random.Next(256);
            }

            int kinds = (LooksLikeLogin(mixed) ? 1 : 0) + (mixed.AsSpan().StartsWith("SSHSIG"u8) ? 1 : 0)
                + (LooksLikeCertificate(mixed) ? 1 : 0);
            Assert.InRange(kinds, 0, 1);
            SignedPayload payload = SignedPayload.Classify(mixed);
            bool consistent = payload switch
            {
                SignedPayload.UserAuthentication => LooksLikeLogin(mixed),
                SignedPayload.SshSignature => mixed.AsSpan().StartsWith("SSHSIG"u8),
                SignedPayload.CertificateToBeSigned => LooksLikeCertificate(mixed),
                _ => true,
            };
            Assert.True(consistent);
            recognised += payload is SignedPayload.UnknownPayload ? 0 : 1;
        }

        Assert.InRange(recognised, 1000, 19999);
    }

    [Fact]
    public void More_than_a_message_can_hold_is_unknown()
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteBytes("SSHSIG"u8);
        writer.WriteUtf8(new string('n', WireLimits.MaxMessageBytes));
        writer.WriteString([]);
        writer.WriteUtf8("sha256");
        writer.WriteString(new byte[32]);
        Assert.IsType<SignedPayload.UnknownPayload>(SignedPayload.Classify(output.WrittenMemory));
    }

    private static AgentRequest.SignRequest Request(string name) =>
        WireVectors.Request<AgentRequest.SignRequest>(name);

    private static bool LooksLikeLogin(byte[] data)
    {
        long length = data.Length < 5 ? data.Length : Length(data, 0);
        return length < data.Length - 4 && data[4 + length] == 50;
    }

    private static bool LooksLikeCertificate(byte[] data)
    {
        long length = data.Length < 8 ? data.Length : Length(data, 0);
        return length <= data.Length - 8
            && data.AsSpan(4, (int)length).EndsWith("-cert-v01@openssh.com"u8)
            && Length(data, 4 + (int)length) <= data.Length;
    }

    private static long Length(byte[] data, int at) =>
        ((long)data[at] << 24) | ((long)data[at + 1] << 16) | ((long)data[at + 2] << 8) | data[at + 3];
}
