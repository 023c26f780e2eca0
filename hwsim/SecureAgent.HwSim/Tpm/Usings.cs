global using static SecureAgent.HwSim.Tpm.TPM_ALG_ID;
global using static SecureAgent.HwSim.Tpm.TPM_CC;
global using static SecureAgent.HwSim.Tpm.TPM_RC;
global using static SecureAgent.HwSim.Tpm.TPM_RH;
