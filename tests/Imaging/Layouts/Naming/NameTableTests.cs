using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Layouts.Naming;

namespace BrainMVP.Federated.Imaging.Tests.Layouts.Naming;

/// <summary>Names as scanners and people write them. Being uncertain is allowed, being certain and wrong never.</summary>
public sealed class NameTableTests
{
    /// <summary>Series descriptions by what they are; "none" is none of the eight modalities, or not for sure.</summary>
    private const string Descriptions = """
        flair | t2_tirm_tra_dark-fluid; t2_tirm_tra_dark-fluid_320_p2; t2_space_dark-fluid_sag_p2_iso; t2_spc_da-fl_irprep_sag_p2_iso; t2_tirm_cor_dark-fluid_fs; T2 FLAIR TRA; FLAIR_longTR
        flair | Ax T2 FLAIR; AX T2 FLAIR FS; SAG 3D FLAIR CUBE; Sag CUBE FLAIR; 3D FLAIR; Ax FLAIR PROPELLER; Sag T2 FLAIR Cube; AX FLAIR; sT2W/FLAIR; T2W_FLAIR; T2W_FLAIR_SPIR; 3D_FLAIR; 3D Brain VIEW FLAIR
        flair | 3DFLAIR; FLAIR_3D_VISTA; VISTA FLAIR; sFLAIR; COR FLAIR; FLAIR; T2-FLAIR; T2_FLAIR_3D_SAG; Ax T2FLAIR; QFLAIR
        t1    | t1_mprage_sag_p2_iso; t1_mprage_sag_p2_iso_1.0; t1_mpr_ns_sag; T1_MPRAGE; MPRAGE; MPRAGE_GRAPPA2; t1_se_tra; t1_tse_sag; t1_fl2d_tra; t1_fl3d_sag; T1 SE TRA; t1_space_sag_p2_iso; t1_tse_dark-fluid_tra
        t1    | Ax T1; AX T1 SE; SAG T1; Sag T1 FSE; Ax T1 FSPGR; 3D BRAVO; Sag 3D BRAVO; AX FSPGR 3D; SAG T1 CUBE; 3D SPGR; Ax T1 FLAIR; T1W_3D_TFE; T1W_TSE; sT1W_3D_TFE; T1W_SE; T1W_IR; T1 3D TFE; 3D_T1_TFE_SAG; T1W_3D_FFE; T1W_TSE_SAG
        t1    | AX T1 PRE; t1_tse_tra nativ; T1 without contrast; tfl3d1; IR-SPGR; MP RAGE; 3D T1 MPRAGE SAG ISO; T1 AX
        t1c   | t1_mprage_sag_p2_iso_KM; t1_mprage_tra_KM; t1_se_tra_KM; t1_tse_tra_fs_post; T1 MPRAGE POST GAD; t1_space_sag_p2_iso_post; t1_vibe_tra_post_KM; t1_mprage_sag_Gd; t1_se_sag_fs_post_contrast
        t1c   | 3D BRAVO +C; Ax T1 +C; AX T1 FS +C; Sag T1 +GD; AX T1 POST; POST AX T1 FS; COR T1 POST; Ax T1 FSPGR +C; T1W_3D_TFE +C; T1W_TSE_GD; T1W_3D_TFE_GADO; sT1W_SE_+C; T1 CE; T1W CE; 3D T1 POST GADOLINIUM; T1 CUBE +C; T1+C
        t2    | t2_tse_tra; t2_tse_tra_p2_512; t2_tse_cor_fs; t2_blade_tra; t2_space_sag_p2_iso; t2_spc_sag_p2; Ax T2; AX T2 FSE; Ax T2 FRFSE; COR T2 FSE FS; SAG T2 CUBE; AX T2 PROPELLER; Ax T2 fs; T2W_TSE; T2W_TSE_TRA; T2W_3D_VISTA; T2W_SPIR
        t2    | sT2W_TSE; T2W_MultiVane_XD; T2 AX TSE; T2 TSE CORONAL; T2 BLADE; t2_haste_tra; T2W DRIVE; Sag T2; eT2W_TSE; T2 3D
        pd    | FSE PD AXIAL OBL; pd_tse_tra; PDW_TSE; PD AX; Ax PD; PD_TSE_FS; Ax Proton Density; PDW TRA
        mra   | TOF_3D_multi-slab; tof_fl3d_tra_p2_multi-slab; TOF; 3D TOF; 3D TOF MRA; Ax 3D TOF; COW TOF; MRA COW; Ax 3DTOF HEAD; s3DI_MC_HR TOF; 3D_TOF_MRA_HEAD; TOF_HEAD; angio TOF; MRA HEAD; MRA 3D TOF MULTISLAB
        dwi   | ep2d_diff_3scan_trace_p2_TRACEW; ep2d_diff_b1000_TRACEW; DWI_b1000; DWI b1000; Ax DWI; AX DWI B-1000; DWI_TRACE; Ax DWI b=1000; resolve_3scan_trace_tra_TRACEW; DWI; eDWI; DWI_SSh; isoDWI; ep2d_diff_trace_b1000; Trace; DWI 1000b
        adc   | ep2d_diff_3scan_trace_p2_ADC; ep2d_diff_b0_b1000_ADC; resolve_3scan_trace_tra_ADC; ADC; ADC map; Apparent Diffusion Coefficient; Ax ADC; DWI_ADC; ADC (10^-6 mm2/s); dADC; DWI_dir80_AP_ADC; ep2d_diff_ADC_DFC_MIX; Average DC; dReg - DWI ADC
        none  | localizer; Localizer_3plane; 3-Plane Loc; 3 PLANE LOC SSFSE; AAHead_Scout; AAHead_Scout_MPR_sag; SURVEY; Survey_SHC; SmartBrain; scout; t2_haste_localizer; Scout T1; COR MIP TOF; TOF_3D_multi-slab_MIP_SAG; MIP; MIP_COR; PJN:Ax 3D TOF; minIP(SWI)
        none  | SWI; SWI_Images; t2_swi3d_tra_p2; Ax SWAN; SWAN; Mag_Images; Pha_Images; mIP_Images(SW); SWIp; VEN_BOLD; t2_fl2d_tra_hemo; AX T2*; Ax T2* GRE; T2*W_FFE; T2W_FFE; t2star_tra; Ax GRE; T2 GRE; t2_fl2d_tra
        none  | ep2d_pasl; 3D ASL; pCASL; ep2d_perf_p2; ep2d_perf_p2_relCBV; perfusion DSC; Ax PERFUSION; T1 DCE; CBF (Transit corrected); MTT; bold_rest; ep2d_bold_moco_p2; fMRI_task; rsfMRI; gre_field_mapping; Fieldmap; B0map; B1 map; Cal 24 HEAD; ASSET cal; Ref Scan; Coil Survey
        none  | ep2d_diff_mddw_30_p2; ep2d_diff_mddw_30_p2_FA; ep2d_diff_mddw_30_p2_ColFA; DTI 32 dir; DTI_64dir_FA; ep2d_diff_TENSOR; eADC; Exponential Apparent Diffusion Coefficient; DWI_dir80_AP_FA; DWI b0; DWI_b0_b1000; HARDI; t1_map; T2 map; T1_MAP_Images; MR spectroscopy; svs_se_30; csi_slaser
        none  | PhoenixZIPReport; Dose Report; Screen Save; Exam protocol; MRV PCA; 3D PC venous; Venography; QFLOW; stir cor; t2_tirm_cor; T2 STIR; T1 PSIR; DIR 3D; t1_mp2rage_sag_p2_iso_INV1; T1 spine sag; t2_tse_sag_cspine; T2 orbits; t1 pituitary dynamic; t1_mprage_MPR_tra; T1 in FLAIR space
        none  | PD/T2 dual echo; pd+t2_tse_tra; Ax PD T2; T1 T2 ratio; T1 pre/post; t1 w/wo; MAGiC T1; SyMRI T2; FIESTA; CISS 3D; t2_ci3d_tra; subtraction T1 post; T1 SUB subtracted; CE-MRA neck; TWIST MRA; MRA carotids; something else; AX; HEAD; 3D; T1rho; unnamed; FLAIR +C
        """;

    /// <summary>Written down after the vocabulary, from lists of studies and of other languages.</summary>
    private const string More = """
        flair | Sagittal 3D FLAIR; Axial FLAIR; AXIAL FLAIR; Axial T2-FLAIR; Sag 3D T2 FLAIR FS; FLAIR_SPIR_ax; 3D_BrainVIEW_FLAIR_SHC; WIP 3D_FLAIR SENSE; t2_space_sag_dark fluid; FLAIR tra 3mm; FLAIR axiale; t2_flair_tra_p2; Cor FLAIR 4mm; FLAIR sag fs 3D iso 1mm
        t1    | Accelerated Sagittal MPRAGE; Sag IR-SPGR; IR-FSPGR; MP-RAGE REPEAT; 3D Ax T1 BRAVO; Sag T1 FLAIR; T1W_SE_ax; T1W_IR_TSE; WIP T1W_3D_TFE SENSE; t1_mprage_sag_we; MPRAGE nativ; T1 ohne KM; T1 sans gado; T1 vor KM; t1_fl2d_sag; T1W_TSE SENSE; SAG T1 SE 5MM; T1 sagittal; MPRAGE_1mm_iso
        t1c   | Ax T1 C+; AX T1 POST FS; SAG T1 CUBE POST; T1_3D_TFE_KM; T1-gd; T1W/FFE/GD; t1_vibe_fs_tra_KM; MPRAGE KM; T1 nach KM; t1 post KM; T1 avec gado; T1 con gadolinio; AX T1 POST GD; T1 MPRAGE +GAD; COR T1 FS +C; T1 SPGR POST CONTRAST; T1_KM_tra
        t2    | Ob Ax T2 FSE; T2W_TSE_ax; T2W_TSE SENSE; t2_tse_tra_512; BRAIN VIEW T2; T2 axial; Ax T2 PROP; T2 FSE AX 5mm; AX T2 FS 3MM; T2_TSE_COR; t2_tse_sag_p2
        pd    | AX PD FSE; pd_tse_tra_fs; PDW_TSE_ax; Axial PD
        mra   | AX 3D TOF MRA; s3D_TOF; tof_3d_multi-slab_COR; TOF MRA HEAD; MRA TOF 3D; MRA BRAIN
        dwi   | Ax DWI 1000b; Ax DWI (b=1000); sDWI; dSSh_DWI; DWI_EPI; ep2d_diff_4scan_trace; diff_trace; RESOLVE_trace_TRACEW; DWI axial; AX DWI ASSET; DWI TRACE b1000
        adc   | ADC: Ax DWI; ADC_DWI; dADC_DWI; ep2d_diff_3scan_trace_ADC; Apparent Diffusion Coefficient (mm?/s); ADC axial; DWI ADC MAP; ADC MAP AX
        none  | Axial T2-Star; Axial T2 STAR; Axial 3D PASL (Eyes Open); Axial DTI; Axial MB DTI; Field Mapping; Axial Field Mapping; HighResHippocampus; HHR T2 HIPPOCAMPUS; 3 Plane Localizer; Axial PD/T2 FSE; B1-Calibration Body; ASL PERFUSION; relCBF; MoCoSeries; Axial rsfMRI (Eyes Open); Isotropic image; Fractional Aniso.
        none  | T2-weighted trace; SURVEY; FILT_PHA: Ax SWAN; eSWAN; COL:3D TOF; NOT DIAGNOSTIC: CAL; Cor T2 FS Orbit; AX T2 FLAIR POST; Ax FLAIR C+; Ax 3D MERGE; AX T2 MERGE; MERGE T2; mFFE T2; AX GRE T2*; Ax T2*GRE; AX PD/T2; Ax T1 MT post; VENC; 3D_PCA; T2_FFE; B_FFE; t2_trufi3d; t2_de3d_we_tra; pd+t2_tse; ep2d_diff_b0_b500_b1000
        none  | TOF_MIP_TRA; t1_mprage_tra_p2_MPR_COR; t2_tirm_tra_dark-fluid_KM; t1_tirm_tra; T1 pre KM; EPI T2*; ep2d_t2; perf_GE; MR perfusion; T2 IR TSE; IR T2; mapping T2; T2 relaxometry; T1_diff; DIFF T1; t1_mp2rage_sag; DWI b50; DWI low b; MRA WITH; T1 SUB; TRUFI LOC; AAHead_Scout_64ch-head-coil_MPR_cor; Smart Brain; T1 MAP; T1 thoracic spine post; QSM; R2*; FLAIR mask; tumour SEG T1
        """;

    /// <summary>File names without extension.</summary>
    private const string FileNames = """
        flair | Subj10_FL; patient07_FLAIR; BraTS-GLI-00001-000-t2f; x_T2_FLAIR; sub1_flair_brain; 0001_T2FLAIR; P-12-Flair; FLAIR; pat3_t2-flair
        t1    | S1_T1; 12345-t1n; x_T1w; x_mprage; x_T1_mprage_sag_iso; T1; x_T1_brain; ax_T1; x_T1_2; patient_2_T1; x_3DT1; x_T1_n4
        t1c   | patient07_T1POST; x_t1ce; x_T1Gd; x_T1-KM; x_T1_post; x_T1+C; x_T1_contrast; x_t1c; x_t1_gd
        t2    | x_T2; x_t2w; x_T2_tse; T2W; x_T2_brain
        pd    | x_PD; x_PDw; sub_01_pd
        mra   | x_MRA; x_TOF; x_angio
        dwi   | x_DWI; x_TRACEW; x_b1000; x_dwi_trace
        adc   | x_ADC; x_DWI_dir80_AP_ADC; x_dwi_adc; adc
        none  | x; image001; T1_to_FLAIR; x_T2_to_FLAIR; x_T2w_space-FLAIR; x_space-FLAIR_T2w; T1_reg2_T2; x_T1T2; x_T1_unknownword; x_fake_T1; x_synth_T2; T1-T2; x_T1map; x_DWI_FA; x_SWI; x_T2star; x_bold; x_localizer; x_T1_DLMUSE; x_T2_mask; x_ADC_b1000; x_post_T1; PD_001_T1; x_tse; x_diff; x_T1_C; x_gd
        none  | FLAIR_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI; T1_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI; anatomical; functional; RAS; PIL; standard; x_T1_minus_T1post; x_T1_in_T2space; x_T1_T1c; x_T1_foo_T1; P1_reg_to_T1; P1_space-T1; P1_reg_2_T1; P1_in_T1; P1_seg_T1; mask_FLAIR; P1_lesion_T2; P1_jacobian_T1; P1_not_T1; P1_T1_t0; x_flair_swi
        """;

    [Fact]
    public void No_series_description_is_certain_and_wrong_and_most_are_certain() => Check(Descriptions, TextKind.Description, 250, 0.9);

    [Fact]
    public void Further_descriptions_are_never_certain_and_wrong_either() => Check(More, TextKind.Description, 150, 0.8);

    [Fact]
    public void No_file_name_is_certain_and_wrong_and_most_are_certain() => Check(FileNames, TextKind.Name, 80, 0.9);

    /// <param name="floor">Least share of the series that are one of the eight and are recognised with certainty.</param>
    private static void Check(string table, TextKind kind, int least, double floor)
    {
        var (wrong, uncertain, certain, real, total) = (new List<string>(), new List<string>(), 0, 0, 0);
        foreach (var line in table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (truth, names) = (line.Split('|')[0].Trim(), line.Split('|', 2)[1]);
            foreach (var name in names.Split(';', StringSplitOptions.TrimEntries))
            {
                total++;
                var label = kind == TextKind.Name ? LabelNames.Read(name)?.Proposal : null;
                var read = label ?? ModalityReader.Read(name, kind).Proposal;
                real += truth == "none" ? 0 : 1;
                if (read.Status == SeriesStatus.Accepted)
                {
                    certain += read.Modality == truth ? 1 : 0;
                    AddIf(wrong, read.Modality != truth, $"{name}: {read.Modality}, not {truth}");
                }
                else
                {
                    // A real series may be doubted, but not thrown away.
                    AddIf(wrong, truth != "none" && read.Status == SeriesStatus.Ignored, $"{name}: ignored ({read.Reason}), is {truth}");
                    AddIf(uncertain, truth != "none", $"{name}: {read.Modality}? {read.Reason}");
                }
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{total} names, {real} of the eight modalities: {certain} certain and right ({100.0 * certain / real:F1} %), {wrong.Count} wrong.\n{string.Join('\n', uncertain)}");
        Assert.True(total >= least);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(certain >= floor * real, $"{certain} of {real} certain\n{string.Join('\n', uncertain)}");
    }

    private static void AddIf(List<string> list, bool condition, string text)
    {
        if (condition)
        {
            list.Add(text);
        }
    }
}
