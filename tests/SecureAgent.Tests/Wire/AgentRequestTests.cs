using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class AgentRequestTests
{
    public static TheoryData<string> Requests => WireVectors.Theory("req-*.bin");

    [Theory]
    [MemberData(nameof(Requests))]
    public void Recorded_requests_encode_to_the_same_bytes(string name)
    {
        byte[] message = WireVectors.Bytes(name);
        AgentRequest request = AgentRequest.Decode(message);
        Assert.IsNotType<AgentRequest.UnknownRequest>(request);
        Assert.Equal(message, Encode(request));
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Recorded_requests_cut_anywhere_are_refused_or_end_before_a_constraint(string name)
    {
        byte[] message = WireVectors.Bytes(name);
        int accepted = 0;
        for (int length = 0; length < message.Length; length++)
        {
            byte[] cut = message[..length];
            try
            {
                // What can be read must be all that is there, so that nothing was made up for the missing bytes.
                Assert.Equal(cut, Encode(AgentRequest.Decode(cut)));
                accepted++;
            }
            catch (WireFormatException)
            {
                // As it should be.
            }
        }

        AgentRequest request = AgentRequest.Decode(message);
        int mayEndEarly = request switch
        {
            AgentRequest.AddIdentity add => add.Constraints.Count,
            AgentRequest.AddSmartcardKey add => add.Constraints.Count,
            AgentRequest.Extension extension => extension.Contents.Length,
            _ => 0,
        };
        Assert.Equal(mayEndEarly, accepted);
    }

    [Fact]
    public void List_needs_no_allocation_and_tolerates_what_OpenSSH_tolerates()
    {
        byte[] message = WireVectors.Bytes("req-list-empty.bin");
        Assert.Same(AgentRequest.RequestIdentities.Instance, AgentRequest.Decode(message));
        Assert.Same(AgentRequest.RequestIdentities.Instance, AgentRequest.Decode(new byte[] { 11, 1, 2, 3 }));
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = AgentRequest.Decode(message);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Sign_request_has_key_data_and_flags()
    {
        AgentRequest.SignRequest sha512 = WireVectors.Request<AgentRequest.SignRequest>("req-login-rsa-2.bin");
        Assert.Equal(new KeyBlob(WireVectors.Blob("rsa.pub")), sha512.Key);
        Assert.Equal(SignatureFlags.SSH_AGENT_RSA_SHA2_512, sha512.Flags);
        AgentRequest.SignRequest sha256 = WireVectors.Request<AgentRequest.SignRequest>("req-login-rsa-sha256-2.bin");
        Assert.Equal(SignatureFlags.SSH_AGENT_RSA_SHA2_256, sha256.Flags);
        AgentRequest.SignRequest ed25519 = WireVectors.Request<AgentRequest.SignRequest>("req-login-ed25519-2.bin");
        Assert.Equal(SignatureFlags.None, ed25519.Flags);
    }

    [Theory]
    [InlineData("rsa", "rsa key")]
    [InlineData("ecdsa256", "ecdsa-256 key")]
    [InlineData("ecdsa384", "ecdsa-384 key")]
    [InlineData("ecdsa521", "ecdsa-521 key")]
    [InlineData("ed25519", "ed25519 key")]
    [InlineData("sk-ecdsa", "sk-ecdsa key")]
    [InlineData("sk-ed25519", "sk-ed25519 key")]
    public void Added_key_has_the_blob_of_its_pub_file_and_its_certificate(string name, string comment)
    {
        AgentRequest.AddIdentity plain = Add($"req-add-{name}-0.bin");
        Assert.Equal(comment, plain.Comment);
        using (PrivateKey key = plain.DecodeKey())
        {
            Assert.Null(key.Certificate);
            Assert.Equal(new KeyBlob(WireVectors.Blob($"{name}.pub")), key.Blob);
        }

        using PrivateKey certified = Add($"req-add-{name}-1.bin").DecodeKey();
        Assert.Equal(new KeyBlob(WireVectors.Blob($"{name}-cert.pub")), certified.Blob);
        Assert.Equal(new KeyBlob(WireVectors.Blob($"{name}.pub")), certified.PublicKey.Blob);
    }

    [Fact]
    public void Added_comment_is_utf8()
    {
        Assert.Equal("Schlüssel 鍵", Add("req-add-utf8.bin").Comment);
        byte[] message = WireVectors.Bytes("req-add-utf8.bin");
        message[^1] = 0xff;
        AgentRequest.AddIdentity changed = (AgentRequest.AddIdentity)AgentRequest.Decode(message);
        Assert.Equal('\ufffd', changed.Comment[^1]);
    }

    [Fact]
    public void Lifetime_and_confirm_are_read()
    {
        AgentRequest.AddIdentity lifetime = Add("req-add-lifetime.bin");
        Assert.True(lifetime.IsConstrained);
        Assert.Equal([new KeyConstraint.Lifetime(3600)], lifetime.Constraints);
        Assert.Equal([KeyConstraint.Confirm.Instance], Add("req-add-confirm.bin").Constraints);
        Assert.Equal(
            [new KeyConstraint.Lifetime(60), KeyConstraint.Confirm.Instance],
            Add("req-add-lifetime-confirm.bin").Constraints);
        Assert.False(Add("req-add-rsa-0.bin").IsConstrained);
    }

    [Fact]
    public void Security_key_has_its_provider() =>
        Assert.Equal([new KeyConstraint.SkProvider("internal")], Add("req-add-sk-ecdsa-0.bin").Constraints);

    [Fact]
    public void Lock_and_unlock_have_the_passphrase_and_print_nothing()
    {
        AgentRequest.Lock locking = WireVectors.Request<AgentRequest.Lock>("req-lock.bin");
        Assert.Equal("pass phrase"u8, locking.Passphrase.Span);
        AgentRequest.Unlock unlocking = WireVectors.Request<AgentRequest.Unlock>("req-unlock.bin");
        Assert.Equal("pass phrase"u8, unlocking.Passphrase.Span);
        Assert.Equal("Lock { }", locking.ToString());
        Assert.Equal("AddIdentity { }", Add("req-add-rsa-0.bin").ToString());
    }

    [Fact]
    public void Token_requests_have_id_pin_and_constraints()
    {
        AgentRequest.AddSmartcardKey plain = WireVectors.Request<AgentRequest.AddSmartcardKey>("req-smartcard-add.bin");
        Assert.Equal("/usr/lib/opensc-pkcs11.so", plain.Id);
        Assert.Equal("123456"u8, plain.Pin.Span);
        Assert.Empty(plain.Constraints);
        AgentRequest.AddSmartcardKey constrained =
            WireVectors.Request<AgentRequest.AddSmartcardKey>("req-smartcard-add-constrained.bin");
        Assert.True(constrained.IsConstrained);
        Assert.Equal(3, constrained.Constraints.Count);
        Assert.Contains(new KeyConstraint.Lifetime(30), constrained.Constraints);
        AgentRequest.RemoveSmartcardKey removing =
            WireVectors.Request<AgentRequest.RemoveSmartcardKey>("req-smartcard-remove.bin");
        Assert.Equal("/usr/lib/opensc-pkcs11.so", removing.Id);
    }

    [Fact]
    public void Both_forms_of_remove_all_are_read()
    {
        Assert.Same(
            AgentRequest.RemoveAllIdentities.Instance,
            WireVectors.Request<AgentRequest.RemoveAllIdentities>("req-remove-all-0.bin"));
        Assert.Same(
            AgentRequest.RemoveAllIdentities.Protocol1,
            WireVectors.Request<AgentRequest.RemoveAllIdentities>("req-remove-all-1.bin"));
        AgentRequest.RemoveIdentity one = WireVectors.Request<AgentRequest.RemoveIdentity>("req-remove.bin");
        Assert.Equal(new KeyBlob(WireVectors.Blob("ed25519.pub")), one.Key);
    }

    [Fact]
    public void Session_bind_is_read_from_the_extension()
    {
        SessionBind login = Bind("req-login-ed25519-0.bin");
        Assert.False(login.IsForwarding);
        Assert.Equal("ssh-ed25519", PublicKey.DecodeKeyOrCertificate(login.HostKey).KeyType);
        Assert.Equal(SignatureAlgorithm.SshEd25519, SignatureBlob.Decode(login.Signature).Algorithm);
        Assert.False(Bind("req-forwarded-0.bin").IsForwarding);
        Assert.True(Bind("req-forwarded-3.bin").IsForwarding);
        Assert.False(Bind("req-forwarded-4.bin").IsForwarding);
        Assert.Equal(2048, PublicKey.DecodeKeyOrCertificate(Bind("req-login-to-hostkey-rsa-0.bin").HostKey).SizeBits);
        Assert.True(CertificateKeyType.IsCertificate(Bind("req-login-to-host-certificate-0.bin").HostKey));
    }

    [Fact]
    public void Session_bind_cut_anywhere_or_with_a_long_session_id_is_refused()
    {
        byte[] contents = Contents("req-login-ed25519-0.bin").ToArray();
        for (int length = 0; length < contents.Length; length++)
        {
            Assert.Throws<WireFormatException>(() => SessionBind.Decode(contents.AsMemory(0, length)));
        }

        SessionBind bind = SessionBind.Decode(contents);
        ArrayBufferWriter<byte> output = new();
        (bind with { SessionId = new byte[WireLimits.MaxSessionIdBytes] }).Write(output);
        _ = SessionBind.Decode(output.WrittenMemory);
        ArrayBufferWriter<byte> tooLong = new();
        (bind with { SessionId = new byte[WireLimits.MaxSessionIdBytes + 1] }).Write(tooLong);
        Assert.Throws<WireFormatException>(() => SessionBind.Decode(tooLong.WrittenMemory));
    }

    [Fact]
    public void Empty_message_is_refused_and_every_other_number_is_unknown()
    {
        Assert.Throws<WireFormatException>(() => AgentRequest.Decode(default));
        int[] known = [9, 11, 13, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27];
        for (int type = 0; type < 256; type++)
        {
            if (!known.Contains(type))
            {
                AgentRequest request = AgentRequest.Decode(new byte[] { (byte)type, 1, 2 });
                Assert.Equal(new AgentRequest.UnknownRequest((byte)type), request);
            }
        }
    }

    [Fact]
    public void Bytes_behind_the_last_field_are_ignored_as_in_OpenSSH()
    {
        string[] names = ["req-login-rsa-2.bin", "req-remove.bin", "req-lock.bin", "req-remove-all-0.bin"];
        foreach (string name in names)
        {
            byte[] message = WireVectors.Bytes(name);
            Assert.Equal(message, Encode(AgentRequest.Decode((byte[])[.. message, 0xff, 0x00])));
        }
    }

    internal static byte[] Encode(AgentRequest request)
    {
        ArrayBufferWriter<byte> output = new();
        request.Write(output);
        return output.WrittenSpan.ToArray();
    }

    private static AgentRequest.AddIdentity Add(string name) =>
        WireVectors.Request<AgentRequest.AddIdentity>(name);

    private static ReadOnlyMemory<byte> Contents(string name)
    {
        AgentRequest.Extension extension = WireVectors.Request<AgentRequest.Extension>(name);
        Assert.Equal(SessionBind.ExtensionName, extension.Name);
        return extension.Contents;
    }

    private static SessionBind Bind(string name) => SessionBind.Decode(Contents(name));
}
